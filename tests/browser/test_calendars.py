"""A calendar by hand: a day, a series, one time of it, and a strategy that goes by it."""

from playwright.sync_api import expect

from tests.browser.conftest import follow, screenshot, violations


def test_a_series_is_written_by_a_click_on_a_day_and_one_time_is_taken_out(visit, site):
    page = visit()
    page.goto(f"/s/shop/calendars/{site.ids['calendars']}/?month=2026-03")
    follow(page, "time[datetime='2026-03-10'] a")
    page.fill("#id_name", "Watch of the press")
    page.fill("#id_first_time", "09:00")
    page.fill("#id_last_time", "17:00")
    page.select_option("#id_every", "WEEKLY")
    page.check("#id_days input[value='2']")
    page.check("#id_days input[value='4']")
    page.fill("#id_until", "2026-03-20")
    screenshot(page, "calendar-item")
    follow(page, "main .btn-primary")

    written = page.locator(".month .entry", has_text="Watch of the press")
    expect(written).to_have_count(4)
    expect(page.locator("main")).to_contain_text("every week on Tue, Thu until 20 Mar 2026")  # fmt: skip

    with page.expect_navigation():
        written.nth(1).click()
    page.click("text=Delete")
    expect(page.locator("dialog[open]")).to_be_visible()
    assert violations(page) == []
    follow(page, "dialog[open] .btn-danger")

    expect(written).to_have_count(3)
    expect(page.locator("main")).to_contain_text("1 left out")
    screenshot(page, "calendar-left-out")


def test_a_strategy_keeps_the_hours_that_are_typed(visit, site):
    page = visit()
    editor = f"/s/shop/strategies/{site.ids['strategies']}/edit/"
    page.goto(editor)
    for day in "12345":
        page.check(f"[name='active-weekly-0-days'][value='{day}']")
    page.locator("[name='active-weekly-start']").first.fill("08:00")
    page.locator("[name='active-weekly-end']").first.fill("18:00")
    page.select_option("#id_active-time_zone", "Europe/Berlin")
    page.select_option(f"#id_active-calendar-{site.ids['calendars']}", "rest_calendars")
    screenshot(page, "active-time")
    follow(page, ".form-actions .btn-primary")

    expect(page.locator("#state")).to_contain_text("People are told")
    page.goto(editor)
    assert page.locator("[name='active-weekly-end']").first.input_value() == "18:00"
    assert page.input_value("#id_active-time_zone") == "Europe/Berlin"

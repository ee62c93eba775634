"""A calendar by hand: a day, a series, one time of it, and a strategy that goes by it."""

from tests.browser.conftest import screenshot, violations


def test_a_series_is_written_by_a_click_on_a_day_and_one_time_is_taken_out(visit, site):
    page = visit()
    page.goto(f"/s/shop/calendars/{site.ids['calendars']}/?month=2026-03")
    page.click("time[datetime='2026-03-10'] a")
    page.fill("#id_name", "Watch of the press")
    page.fill("#id_first_time", "09:00")
    page.fill("#id_last_time", "17:00")
    page.select_option("#id_every", "WEEKLY")
    page.check("#id_days input[value='2']")
    page.check("#id_days input[value='4']")
    page.fill("#id_until", "2026-03-20")
    screenshot(page, "calendar-item")
    page.click("main .btn-primary")
    page.wait_for_selector(".month")

    written = page.locator(".month .entry", has_text="Watch of the press")
    assert written.count() == 4
    assert "every week on Tue, Thu until 20 Mar 2026" in page.content()

    written.nth(1).click()
    page.click("text=Delete")
    assert page.locator("dialog[open]").is_visible()
    assert violations(page) == []
    page.click("dialog[open] .btn-danger")
    page.wait_for_selector(".month")

    assert page.locator(".month .entry", has_text="Watch of the press").count() == 3
    assert "1 left out" in page.content()
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
    page.click(".form-actions .btn-primary")
    page.wait_for_selector("#state")

    assert "People are told" in page.content()
    page.goto(editor)
    assert page.locator("[name='active-weekly-end']").first.input_value() == "18:00"
    assert page.input_value("#id_active-time_zone") == "Europe/Berlin"

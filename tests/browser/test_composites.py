"""The editor of composite strategies: by hand, by keyboard, checked while one types."""

from playwright.sync_api import expect

from tests.browser.conftest import screenshot, violations


def test_a_composite_is_put_together_and_checked_at_once(visit, site):
    page = visit()
    page.goto("/s/shop/strategies/composite/new/")
    expect(page.locator("#check")).to_contain_text("Nothing to check yet")

    page.fill("#id_name", "Host in trouble")
    strategy = page.locator("[name=members-strategy]")
    strategy.nth(0).press_sequentially("cpu is", delay=20)
    expect(page.locator("#members-known option")).to_have_count(1)
    name = page.locator("#members-known option").get_attribute("value")
    strategy.nth(0).fill(name)
    page.locator("[name=members-alias]").nth(0).fill("cpu")
    strategy.nth(1).fill("API latency p95")
    page.click("text=One more strategy")
    expect(strategy).to_have_count(3)

    condition = page.locator("[name=conditions-text]").nth(0)
    condition.press_sequentially("cpu and or", delay=15)
    expect(page.locator("#check")).to_contain_text("at character 9")
    condition.fill("cpu or a")
    expect(page.locator("#check")).to_contain_text("Firing: 1 of 1.")
    expect(condition).to_be_focused()
    screenshot(page, "composite-editor")
    assert violations(page) == []

    page.fill("#id_on", "instance")
    page.locator("main .btn-primary").click()
    expect(page.locator("h1")).to_have_text("Host in trouble")
    expect(page.locator("#state")).to_contain_text("Evaluation failing")
    screenshot(page, "composite-made")
    assert violations(page) == []

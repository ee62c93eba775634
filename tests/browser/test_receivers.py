"""A receiver from the form to a test message under way."""

from playwright.sync_api import expect

from tests.browser.conftest import follow, screenshot, violations


def test_a_code_that_is_being_typed_survives_the_refresh(visit):
    page = visit()
    page.goto("/s/shop/receivers/new/")
    page.fill("#id_name", "Mei by mail")
    page.fill("#id_address", "mei@example.org")
    follow(page, "main .btn-primary")
    page.click("text=Send a test message >> nth=-1")
    page.wait_for_selector("text=On its way")

    page.locator("#id_code").press_sequentially("123")
    for _ in range(2):
        with page.expect_response("**/receivers/*/", timeout=10_000):
            pass

    expect(page.locator("#id_code")).to_have_value("123")
    expect(page.locator("#id_code")).to_be_focused()
    screenshot(page, "receiver-test")
    assert violations(page) == []
    page.locator("#id_code").press("Enter")
    page.wait_for_selector("text=That is not the code")
    assert violations(page) == []


def test_the_tries_of_a_message_stay_open_while_the_page_refreshes(visit):
    page = visit()
    page.goto("/s/shop/receivers/")
    follow(page, "text=Chat of the night shift >> nth=0")
    page.click("details.tries summary")

    with page.expect_response("**/receivers/*/"):
        page.evaluate(
            "htmx.ajax('GET', location.pathname, {target: '#state', swap: 'outerMorph'})"
        )
    page.wait_for_timeout(200)

    expect(page.locator("text=answered 500").first).to_be_visible()

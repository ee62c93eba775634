"""A receiver from the form to a test message under way."""

from tests.browser.conftest import screenshot, violations


def test_a_code_that_is_being_typed_survives_the_refresh(visit):
    page = visit()
    page.goto("/s/shop/receivers/new/")
    page.fill("#id_name", "Mei by mail")
    page.fill("#id_address", "mei@example.org")
    page.click("main .btn-primary")
    page.click("text=Send a test message >> nth=-1")
    page.wait_for_selector("text=On its way")

    page.locator("#id_code").press_sequentially("123")
    for _ in range(2):
        with page.expect_response("**/receivers/*/", timeout=10_000):
            pass

    assert page.input_value("#id_code") == "123"
    assert page.evaluate("document.activeElement.id") == "id_code"
    screenshot(page, "receiver-test")
    assert violations(page) == []
    page.locator("#id_code").press("Enter")
    page.wait_for_selector("text=That is not the code")
    assert violations(page) == []


def test_the_tries_of_a_message_stay_open_while_the_page_refreshes(visit):
    page = visit()
    page.goto("/s/shop/receivers/")
    page.click("text=Chat of the night shift >> nth=0")
    page.wait_for_selector("details.tries")
    page.click("details.tries summary")

    with page.expect_response("**/receivers/*/"):
        page.evaluate(
            "htmx.ajax('GET', location.pathname, {target: '#state', swap: 'outerMorph'})"
        )
    page.wait_for_timeout(200)

    assert page.locator("text=answered 500").first.is_visible()

"""A heartbeat from the form to the first ping, by what the page says to copy."""

import re
import urllib.request

from tests.browser.conftest import screenshot, violations


def test_the_copied_address_is_real_and_the_ping_appears(visit, site):
    page = visit()
    page.goto("/s/shop/heartbeats/new/")
    page.fill("#id_name", "Report of the night")
    page.click("main .btn-primary")
    page.wait_for_selector("#ping-url")
    url = page.locator("#ping-url").inner_text()

    assert re.fullmatch(rf"{site.url}/ping/[0-9a-f-]{{36}}", url)
    page.locator(".how >> nth=1").locator("summary").click()
    urllib.request.urlopen(url, data=b"copied 12 files", timeout=10).close()  # noqa: S310
    page.locator("summary", has_text="Body").click(timeout=10_000)

    # Two refreshes later, what was opened is open still.
    for _ in range(2):
        with page.expect_response("**/heartbeats/*/", timeout=10_000):
            pass
    assert page.locator("text=copied 12 files").is_visible()
    assert page.locator(".how >> nth=1").get_attribute("open") is not None
    screenshot(page, "heartbeat-pinged")
    assert violations(page) == []


def test_deleting_asks_first(visit):
    page = visit()
    page.goto("/s/shop/heartbeats/")
    page.click("text=Import")
    page.click("text=Delete")
    assert page.locator("dialog[open]").is_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")

    assert page.locator("dialog[open]").count() == 0
    assert page.locator("h1").inner_text() == "Import"

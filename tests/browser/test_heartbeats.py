"""A heartbeat from the form to the first ping, by what the page says to copy."""

import re
import urllib.request

from playwright.sync_api import expect

from tests.browser.conftest import follow, screenshot, violations


def test_the_copied_address_is_real_and_the_ping_appears(visit, site):
    page = visit()
    page.goto("/s/shop/heartbeats/new/")
    page.fill("#id_name", "Report of the night")
    follow(page, "main .btn-primary")
    url = page.locator("#ping-url").inner_text()

    assert re.fullmatch(rf"{site.url}/ping/[0-9a-f-]{{36}}", url)
    page.locator(".how >> nth=1").locator("summary").click()
    urllib.request.urlopen(url, data=b"copied 12 files", timeout=10).close()  # noqa: S310
    page.locator("summary", has_text="Body").click(timeout=10_000)

    # Two refreshes later, what was opened is open still.
    for _ in range(2):
        with page.expect_response("**/heartbeats/*/", timeout=10_000):
            pass
    expect(page.locator("text=copied 12 files")).to_be_visible()
    expect(page.locator(".how >> nth=1")).to_have_attribute("open", "")
    screenshot(page, "heartbeat-pinged")
    assert violations(page) == []


def test_deleting_asks_first(visit):
    page = visit()
    page.goto("/s/shop/heartbeats/")
    follow(page, "text=Import")
    page.click("text=Delete")
    expect(page.locator("dialog[open]")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")

    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("h1")).to_have_text("Import")

"""A token from the form to a sample, and its end; a person from the form to the space."""

import urllib.error
import urllib.request
from time import monotonic, sleep

from playwright.sync_api import expect

from tests.browser.conftest import follow, screenshot, violations


def push(url, secret):
    """Send one value as the page says; return the status."""
    request = urllib.request.Request(  # noqa: S310
        f"{url}/prometheus/api/v1/import/prometheus",
        data=b'backup_seconds{host="db-1"} 42\n',
        headers={"Authorization": f"Bearer {secret}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_token_sends_samples_until_it_is_revoked(visit, site):
    page = visit()
    page.goto("/s/shop/tokens/new/")
    page.fill("#id_name", "Backup script")
    follow(page, "main .btn-primary")
    secret = page.locator("#secret").inner_text().strip()
    screenshot(page, "token-made")
    assert violations(page) == []
    assert secret in page.locator("#snippet-curl").inner_text()
    assert push(site.url, secret) == 204

    follow(page, "text=I have copied it")
    assert secret not in page.content()
    page.click("text=Revoke >> nth=0")
    follow(page, "dialog[open] .btn-danger")
    expect(page.locator("text=is revoked").first).to_be_visible()

    end = monotonic() + 5
    while push(site.url, secret) != 401:
        assert monotonic() < end
        sleep(0.2)


def test_an_invited_person_gets_in(visit):
    page = visit()
    page.goto("/s/shop/members/new/")
    page.fill("#id_email", "grace@example.org")
    follow(page, "main .btn-primary")
    link = page.locator("#link").inner_text().strip()
    screenshot(page, "member-invited")
    assert violations(page) == []

    guest = visit(anonymous=True)
    guest.goto(link)
    guest.fill("input[type=password]", "another long secret")
    guest.click("main .btn-primary")
    guest.wait_for_url("**/s/shop/")

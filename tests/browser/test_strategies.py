"""The editor: what is typed is shown at once, and nothing is lost by it."""

import time
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import screenshot, violations


@pytest.fixture(scope="module")
def samples(site):
    """Put an hour of two series into the store, as samples of the shop."""
    now = int(time.time())
    lines = [
        f'editor_load{{host="{host}",space="shop"}} {value} {(now - ago) * 1000}'
        for host, value in (("web-1", 2.5), ("web-2", 9.5))
        for ago in range(0, 3600, 15)
    ]
    request = urllib.request.Request(  # noqa: S310
        f"{site.stack.store.url}/api/v1/import/prometheus",
        data="\n".join(lines).encode(),
    )
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    time.sleep(1.5)


def rows(page):
    return [line.split()[0] for line in page.locator("#preview tbody tr").all_inner_texts()]  # fmt: skip


def test_what_is_typed_is_drawn_and_judged_at_once(visit, samples):
    page = visit()
    page.goto("/s/shop/strategies/new/")
    assert "Nothing to show yet" in page.locator("#preview").inner_text()

    page.fill("#id_name", "Load is high")
    page.locator("#id_expression").press_sequentially("editor_load", delay=15)
    page.wait_for_selector("#preview .chart canvas")
    page.locator("input[name='l-v0-d0-c0-value']").press_sequentially("9")
    expect(page.locator("#preview tbody tr").first).to_contain_text("Critical")

    assert rows(page) == ["Critical", "Normal"]
    assert page.evaluate("document.activeElement.name") == "l-v0-d0-c0-value"
    screenshot(page, "editor-filled")
    assert violations(page) == []

    page.locator(".choices label >> text='7 days'").click()
    page.wait_for_load_state("networkidle")
    assert rows(page) == ["Critical", "Normal"]
    page.click("main .btn-primary")
    page.wait_for_selector("#state .chart canvas")
    assert page.locator("h1").inner_text() == "Load is high"
    screenshot(page, "strategy-made")
    assert violations(page) == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("editor_load >", "This cannot be evaluated yet"),
        ("editor_load{host=", "This cannot be evaluated yet"),
        ("editor_load > 9", "This expression filters"),
        ("nothing_sends_this", "nothing sends this metric"),
    ],
)
def test_the_preview_says_in_words_what_it_is(visit, samples, expression, said):
    page = visit()
    page.goto("/s/shop/strategies/new/")

    page.fill("#id_expression", expression)
    expect(page.locator("#preview")).to_contain_text(said)

    assert violations(page) == []


def test_the_spans_are_chosen_by_the_keyboard(visit, samples):
    page = visit()
    page.goto("/s/shop/strategies/new/")
    page.fill("#id_expression", "editor_load")
    page.wait_for_selector("#preview .chart canvas")

    page.locator("input[name=span]:checked").focus()
    with page.expect_response("**/preview/"):
        page.keyboard.press("ArrowRight")

    assert page.locator("input[name=span]:checked").get_attribute("value") == "24h"

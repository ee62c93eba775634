"""The editor: what is typed is shown at once, and nothing is lost by it."""

import time
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import follow, screenshot, violations

LIMIT = "input[name='l-v0-d0-c0-value']"


@pytest.fixture(scope="module")
def samples(site):
    """Put an hour of two series into the store, as samples of the shop."""
    now = int(time.time())
    lines = [
        f'editor_load{{host="{host}",space="shop"}} {value} {(now - ago) * 1000}'
        for host, value in (("web-1", 2.5), ("web-2", 9.5))
        for ago in range(0, 3600, 15)
    ]
    send(site, lines)
    time.sleep(1.5)


def send(site, lines):
    """Write samples into the store."""
    url = f"{site.stack.store.url}/api/v1/import/prometheus"
    request = urllib.request.Request(url, data="\n".join(lines).encode())
    urllib.request.urlopen(request, timeout=10).close()


def expect_states(page, *states):
    now = page.get_by_role("table", name="The series now")
    expect(now.locator("tbody td:first-child")).to_have_text([*states])


def test_what_is_typed_is_drawn_and_judged_at_once(visit, samples):
    page = visit()
    page.goto("/s/shop/strategies/new/")
    expect(page.locator("#preview")).to_contain_text("Nothing to show yet")

    page.fill("#id_name", "Load is high")
    page.locator("#id_expression").press_sequentially("editor_load", delay=15)
    page.wait_for_selector("#preview .chart canvas")
    page.locator(LIMIT).press_sequentially("9")

    expect_states(page, "Critical", "Normal")
    expect(page.locator(LIMIT)).to_be_focused()
    screenshot(page, "editor-filled")
    assert violations(page) == []

    with page.expect_response("**/preview/"):
        page.locator(".choices label >> text='7 days'").click()
    expect_states(page, "Critical", "Normal")
    follow(page, "main .btn-primary")
    expect(page.locator("#state .chart canvas")).to_be_visible()
    expect(page.locator("h1")).to_have_text("Load is high")
    screenshot(page, "strategy-made")
    assert violations(page) == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("editor_load >", "This cannot be evaluated yet"),
        ("editor_load{host=", "This cannot be evaluated yet"),
        ("editor_load > 9", "This expression filters"),
        ("nothing_sends_this", "nothing sends this metric"),
        ("nothing_sends_this > 1", "normal for this expression"),
    ],
)
def test_the_preview_says_in_words_what_it_is(visit, samples, expression, said):
    page = visit()
    page.goto("/s/shop/strategies/new/")

    page.fill("#id_expression", expression)
    expect(page.locator("#preview")).to_contain_text(said)
    screenshot(page, f"editor-{said.split()[0].lower()}-{len(expression)}")

    assert violations(page) == []


def test_the_spans_are_chosen_by_the_keyboard(visit, samples):
    page = visit()
    page.goto("/s/shop/strategies/new/")
    page.fill("#id_expression", "editor_load")
    page.wait_for_selector("#preview .chart canvas")

    page.locator("input[name=span]:checked").focus()
    with page.expect_response("**/preview/"):
        page.keyboard.press("ArrowRight")

    expect(page.locator("input[name=span]:checked")).to_have_value("24h")


@pytest.mark.parametrize("count", [3, 3000])
def test_of_few_and_of_many_series_the_worst_are_shown(visit, site, count):
    write_many(site, count)
    page = visit()
    page.goto("/s/shop/strategies/new/")
    page.locator(".choices label", has_text="1 hour").click()
    page.fill("#id_expression", f"many_{count}")
    page.fill(LIMIT, str(count - 2))

    expect(page.locator("#preview .told")).to_contain_text("Would have fired 1 time")
    expect(page.locator("#preview .told")).to_contain_text(f"{count:,} series")
    states = ["Critical", *["Normal"] * (min(count, 20) - 1)]
    expect_states(page, *states)
    screenshot(page, f"editor-series-{count}")
    assert violations(page) == []


def write_many(site, count):
    """Put an hour of so many series into the store; series n is n everywhere."""
    now = int(time.time())
    for ago in range(0, 3600, 60):
        lines = [
            f'many_{count}{{host="host-{n:04}",space="shop"}} {n} {(now - ago) * 1000}'
            for n in range(count)
        ]
        send(site, lines)
    time.sleep(1.5)

"""A strategy on real samples by hand: typed, seen in the preview, saved, and fired."""

import itertools
import re
import threading
import time
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import (  # fmt: skip
    DESKTOP,
    PHONE,
    Site,
    follow,
    log_in,
    screenshot,
    violations,
)
from tests.servers import free_port, listens, need, start, wait_for
from tests.stack import ALL_QUEUES, running_stack

SEED = """
from tests.browser.seed import EMAIL, PASSWORD
from tests.factories import make_member, make_space, make_user
make_member(make_space(slug="shop", name="Shop"), user=make_user(email=EMAIL, password=PASSWORD))
answer = {}
"""
SAVED = """
from django.utils import timezone
from bkmonitor.accounts.models import Space
from bkmonitor.pipeline.sources import save_strategy
levels = [
    {"severity": 1, "detectors": [{"kind": "year_round", "fall_percent": 40}]},
    {"severity": 2, "detectors": [
        {"kind": "year_round", "fall_percent": 20},
        {"kind": "threshold", "any_of": [[{"operator": ">", "value": 1.5 * 2**20}], [{"operator": "==", "value": 0}]]},
    ], "match": "all", "trigger": {"count": 2, "window": 3}, "over_when": [[{"operator": ">", "value": 2.0**31}]]},
]
fields = {"name": "Memory", "expression": "node_memory_MemAvailable_bytes", "unit": "bytes", "interval_s": 10,
          "levels": levels, "no_data": {"policy": "group", "by": ["instance"]}}
answer = save_strategy(Space.objects.get(), fields, by=None, now=timezone.now()).pk
"""
METRIC = "node_memory_MemAvailable_bytes"
WEEK_S, HOUR_S, STEP_S = 7 * 86400, 3600, 15
# From how long ago last week's values were how many times as large.
LARGER = ((50 * 60, 1.4), (35 * 60, 1.0), (15 * 60, 2.0))
FALL = "[name='l-v0-d0-fall_percent']"


@pytest.fixture(scope="module")
def exporter(tmp_path_factory) -> Iterator[str]:
    """Run Debian's node_exporter; return the address of its metrics."""
    port = free_port()
    command = [need("prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
    server = start(command, port=port, folder=tmp_path_factory.mktemp("node"), name="node")  # fmt: skip
    wait_for(lambda: listens(port), what="node_exporter")
    yield f"http://127.0.0.1:{port}/metrics"
    server.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory, chromium, exporter) -> Iterator[Site]:
    """Run every role on a store with an hour of this host, and the same of last week."""
    over = threading.Event()
    with running_stack(tmp_path_factory.mktemp("year"), roles=False) as stack:
        write(stack, story([read(exporter) for _ in range(20)], int(time.time())))
        scraper = threading.Thread(target=scrape, args=(stack, exporter, over))
        scraper.start()
        stack.shell(SEED)
        stack.start("web")
        stack.start("worker", ALL_QUEUES)
        stack.start("beat")
        yield Site(stack, {}, log_in(chromium, stack.url))
        over.set()
        scraper.join()


def read(url: str) -> float:
    """Return how many bytes of memory this host has left, by its exporter."""
    time.sleep(0.1)
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
        text = answer.read().decode()
    return float(re.search(rf"^{METRIC} (\S+)$", text, re.MULTILINE)[1])


def story(values: list[float], now: int) -> list[tuple[float, int]]:
    """Return what was read as the last hour, and with larger values as last week's.

    Last week's go on for the hour that the test may take.
    """
    found = []
    for ago, value in zip(range(HOUR_S, -HOUR_S, -STEP_S), itertools.cycle(values), strict=False):  # fmt: skip
        times = next((n for since, n in reversed(LARGER) if ago <= since), 1.0)
        found.append((value * times, now - ago - WEEK_S))
        if ago > 0:
            found.append((value, now - ago))
    return found


def write(stack, samples) -> None:
    """Write samples of the shop into the store."""
    lines = [
        f'{METRIC}{{space="shop",job="node",instance="db-1"}} {value:.0f} {at * 1000}'
        for value, at in samples
    ]
    url = f"{stack.store.url}/api/v1/import/prometheus"
    request = urllib.request.Request(url, data="\n".join(lines).encode())
    urllib.request.urlopen(request, timeout=10).close()


def scrape(stack, url: str, over: threading.Event) -> None:
    """Go on reading the exporter, as a scraper would."""
    while not over.wait(2):
        write(stack, [(read(url), int(time.time()))])


def drawn(page) -> str:
    """Return the chart as a picture."""
    return page.locator("#preview canvas").evaluate("one => one.toDataURL()")


def test_a_fall_against_last_week_is_typed_seen_saved_and_fires(visit, site):
    page = visit()
    begin(page)
    told = page.locator("#preview .told")

    page.fill(FALL, "20")
    expect(told).to_contain_text("Would have fired 2 times, 2 critical")
    expect(told).to_contain_text("1 still open")
    page.locator("#would-have summary").click()
    screenshot(page, "year-round-twice")
    twice = drawn(page)
    page.fill(FALL, "40 %")
    expect(told).to_contain_text("Would have fired 1 time, 1 critical")
    expect(page.locator("#would-have")).to_have_attribute("open", "")
    assert drawn(page) != twice
    page.fill(FALL, "60 %")
    expect(told).to_contain_text("Would not have fired")
    expect(page.locator("#preview tbody td").first).to_have_text("Normal")
    page.fill(FALL, "40 %")
    look_at_one(page)

    follow(page, "main .btn-primary")
    expect(page.locator("#state")).to_contain_text("1 firing", timeout=60_000)
    expect(told).to_contain_text("still open")
    screenshot(page, "year-round-fires")
    assert violations(page) == []


def begin(page) -> None:
    """Fill in all of a new strategy but its limit."""
    page.goto("/s/shop/strategies/new/")
    page.fill("#id_name", "Memory unlike last week")
    page.fill("#id_expression", METRIC)
    page.select_option("#id_unit", "bytes")
    page.fill("#id_interval_s_0", "10")
    page.select_option("#id_interval_s_1", "1")
    page.locator(".choices label", has_text="1 hour").click()
    page.select_option("[name='l-v0-d0-kind']", "year_round")
    expect(page.locator("[name='l-v0-d0-kind']")).to_be_focused()


def look_at_one(page) -> None:
    """Look at the series alone, with what it is held against."""
    expect(page.locator("#preview tbody td").first).to_contain_text("Critical")
    page.get_by_role("button", name="This series alone").click()
    expect(page.locator("#preview")).to_contain_text("Dashed is what the value is held against")  # fmt: skip
    screenshot(page, "year-round-alone")
    assert violations(page) == []


@pytest.fixture(scope="module")
def saved(site) -> str:
    """Return the address of a strategy that has some of everything, and fires."""
    pk = site.stack.shell(SAVED)
    count = f"from bkmonitor.alerts.models import Alert\nanswer = Alert.objects.filter(source_id={pk}).count()"
    wait_for(lambda: site.stack.shell(count), what="an alert", timeout_s=60)
    return f"/s/shop/strategies/{pk}/"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_how_it_looks(visit, saved, language, theme, size):
    page = visit(language=language, theme=theme, size=size)

    for part in ("edit/", ""):
        page.goto(f"{saved}{part}?span=1h")
        expect(page.locator("#preview canvas")).to_be_visible()
        page.locator("#would-have summary").click()
        page.evaluate("scrollTo(0, 0)")
        screenshot(page, f"year-round-{part.strip('/') or 'page'}-{size[0]}-{theme}-{language}")  # fmt: skip
        assert violations(page) == []
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")

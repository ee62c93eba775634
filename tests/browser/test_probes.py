"""With every role at work: a probe and a receiver from their forms to their first results."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, follow, log_in, screenshot, violations
from tests.stack import ALL_QUEUES, running_stack, webhook

SEED = """
from tests.browser.seed import EMAIL, PASSWORD
from tests.factories import make_member, make_space, make_user
make_member(make_space(slug="shop", name="Shop"), user=make_user(email=EMAIL, password=PASSWORD))
answer = {}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory, chromium) -> Iterator[Site]:
    """Run web, worker and beat on a database with one person in one space."""
    with running_stack(tmp_path_factory.mktemp("living"), roles=False) as stack:
        stack.shell(SEED)
        stack.start("web")
        stack.start("worker", ALL_QUEUES)
        stack.start("beat")
        yield Site(stack, {}, log_in(chromium, stack.url))


def test_a_probe_shows_its_first_look_by_itself(visit, site):
    page = visit()
    page.goto("/s/shop/probes/")
    follow(page, "text=New probe >> nth=0")
    page.fill("#id_name", "Our own pulse")
    page.fill("#id_target", f"{site.url}/healthz/live")
    page.fill("#id_interval_s_0", "10")
    page.select_option("#id_interval_s_1", "1")
    follow(page, "main .btn-primary")

    expect(page.locator(".figures .pill-good")).to_contain_text("Up", timeout=60_000)
    expect(page.locator("#times canvas, section:has(#times) canvas").first).to_be_visible(timeout=60_000)  # fmt: skip
    screenshot(page, "probe-living")
    assert violations(page) == []
    page.goto("/s/shop/probes/")
    expect(page.locator("svg.bars")).to_have_attribute("aria-label", re.compile("up, 0 down"))  # fmt: skip


def test_a_webhook_confirms_itself_while_one_looks_on(visit):
    with webhook() as hook:
        page = visit()
        page.goto("/s/shop/receivers/new/?channel=webhook")
        page.fill("#id_name", "Our hook")
        page.fill("#id_address", hook.url)
        follow(page, "main .btn-primary")
        page.locator("main").get_by_role("button", name="Send a test message").click()

        expect(page.locator("#arrives + .pill-good")).to_contain_text("Confirmed", timeout=60_000)  # fmt: skip
        assert hook.reasons() == ["test"]
        screenshot(page, "receiver-confirmed")
        assert violations(page) == []

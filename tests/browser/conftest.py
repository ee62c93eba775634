"""A web role with something to show, and a Chromium that looks at it."""

import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.seed import EMAIL, PASSWORD, samples
from tests.servers import ROOT, need
from tests.stack import Stack, running_stack

ARTIFACTS = ROOT / "test-artifacts"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP, PHONE = (1440, 900), (390, 844)
# A busy machine may be slow; what comes in time is not waited for.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True)
class Site:
    """A running service that was filled, the ids in it, and a login's cookies."""

    stack: Stack
    ids: dict[str, int]
    state: Any

    @property
    def url(self) -> str:
        """Return where it listens."""
        return self.stack.url


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium without a window."""
    program = need("chromium")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Site]:
    """Run the web role on a filled database, with somebody logged in."""
    folder = tmp_path_factory.mktemp("site")
    with running_stack(folder, roles=False) as stack:
        code = "from tests.browser.seed import seed\nanswer = seed()"
        ids = stack.shell(code)
        send_samples(stack)
        stack.start("web")
        yield Site(stack, ids, log_in(chromium, stack.url))


def send_samples(stack: Stack) -> None:
    """Put the values that the alert with a story is about into the store."""
    url = f"{stack.store.url}/api/v1/import/prometheus"
    request = urllib.request.Request(url, data=samples().encode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status < 300


def log_in(chromium: Browser, url: str) -> Any:
    """Log in as a person would; return the cookies."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{url}/login/")
    page.fill("#id_email", EMAIL)
    page.fill("#id_password", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/s/**")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a window: theme, language and size as asked.

    Every word of the browser's console but "Failed to load resource" fails the test.
    """
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_window(
        *,
        theme: str = "light",
        language: str = "en",
        size: tuple[int, int] = DESKTOP,
        anonymous: bool = False,
    ) -> Page:
        context = chromium.new_context(
            base_url=site.url,
            storage_state=None if anonymous else site.state,
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,
            locale="zh-CN" if language == "zh-hans" else "en-GB",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
        page.on("console", lambda line: note(page, line.type, line.text))
        if not anonymous:
            speak(page, language)
        return page

    def note(page: Page, kind: str, text: str) -> None:
        if kind in ("error", "warning") and "Failed to load resource" not in text:
            said.append(f"{page.url}: {text}")

    yield open_window
    for context in contexts:
        context.close()
    assert said == []


def speak(page: Page, language: str) -> None:
    """Choose the person's language by the menu."""
    page.goto("/profile/")
    if page.locator("html").get_attribute("lang") != language:
        page.locator(".menu summary").click()
        follow(page, f"button[value='{language}']")


def follow(page: Page, selector: str) -> None:
    """Click what leads to another page, and wait until that is there."""
    with page.expect_navigation():
        page.click(selector)


def quickest(page: Page, address: str) -> float:
    """Return in how many seconds a page comes, at the best of three times.

    What else the machine does at the time is not what is measured.
    """
    times = []
    for _ in range(3):
        begun = monotonic()
        page.goto(address)
        times.append(monotonic() - begun)
    return min(times)


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with the page as it is."""
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    return [
        f"{one['id']}: {json.dumps(node['target'])} {node['failureSummary'][:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def screenshot(page: Page, name: str) -> None:
    """Keep a picture of the whole page for whoever wants to look."""
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)

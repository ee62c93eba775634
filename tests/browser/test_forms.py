"""Every form: accessible in both languages and looks, also with errors, and fit for a phone."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, follow, quickest, screenshot, violations

FORMS = (
    "strategies/new/",
    "probes/new/",
    "probes/new/?kind=tcp",
    "heartbeats/new/",
    "receivers/new/",
    "receivers/new/?channel=webhook",
    "receivers/new/?channel=apprise",
    "targets/new/",
    "tokens/new/",
    "members/new/",
)
LISTS = (
    "probes/",
    "probes/?state=down",
    "probes/?q=host-2999",
    "heartbeats/",
    "strategies/",
)


def name_of(form):
    return form.strip("/").replace("/?", "-").replace("/", "-").replace("=", "-")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_form_and_its_errors_are_accessible(visit, theme, language):
    page = visit(theme=theme, language=language)
    wrong = {}

    for form in FORMS:
        page.goto(f"/s/shop/{form}")
        page.wait_for_load_state("networkidle")
        screenshot(page, f"{name_of(form)}-{theme}-{language}")
        if found := violations(page):
            wrong[form] = found
        follow(page, "main .btn-primary")
        page.wait_for_load_state("networkidle")
        expect(page.locator("[aria-invalid='true'], .errors")).not_to_have_count(0)
        if found := violations(page):
            wrong[f"{form} with errors"] = found
    screenshot(page, f"errors-{theme}-{language}")

    assert wrong == {}


def test_no_form_scrolls_sideways_on_a_phone(visit):
    page = visit(size=PHONE)
    wide = []

    for form in FORMS:
        page.goto(f"/s/shop/{form}")
        page.wait_for_load_state("networkidle")
        screenshot(page, f"{name_of(form)}-phone")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(form)

    assert wide == []


@pytest.mark.parametrize("part", LISTS)
def test_a_list_of_three_thousand_comes_in_a_second(visit, part):
    page = visit()
    page.goto("/s/crowd/")

    assert quickest(page, f"/s/crowd/{part}") < 1.5
    assert page.locator("[data-row]").count() in (1, 30, 50)
    screenshot(page, f"crowd-{name_of(part)}")


@pytest.mark.parametrize("size", [None, PHONE])
def test_a_crowd_is_searched_while_one_types(visit, size):
    page = visit(**({"size": size} if size else {}))
    page.goto("/s/crowd/probes/")

    page.locator("#q").press_sequentially("probe 0123", delay=40)
    expect(page.locator("[data-row]")).to_have_count(11)

    assert page.input_value("#q") == "probe 0123"
    assert "q=probe+0123" in page.url
    follow(page, ".choices a >> nth=1")
    expect(page.locator("#q")).to_have_value("probe 0123")
    screenshot(page, f"crowd-search-{'phone' if size else 'desktop'}")


def test_one_pages_through_a_crowd_and_back(visit):
    page = visit()
    page.goto("/s/crowd/strategies/")
    first = page.locator("[data-row] .row-link").first
    expect(first).to_have_text("strategy 00000")

    follow(page, "[rel=next]")
    expect(first).to_have_text("strategy 00050")
    follow(page, "[rel=prev]")

    expect(first).to_have_text("strategy 00000")

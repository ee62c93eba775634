"""Every page: accessible in light and dark and both languages, and fit for a phone."""

import pytest

from tests.browser.conftest import PHONE, screenshot, violations

INSTALLATION = "/s/shop/system/installation/"
THINGS = ("alerts", "strategies", "probes", "heartbeats", "calendars")
PLAIN = (INSTALLATION, "/profile/", "/profile/password/", "/nowhere/")


def addresses(page, site):
    """Return every page the navigation knows, and one of each kind of thing."""
    page.goto("/s/shop/")
    links = page.locator("#side .nav-list a").all()
    known = [str(link.get_attribute("href")) for link in links]
    things = [f"/s/shop/{kind}/{site.ids[kind]}/" for kind in THINGS]
    rest = [f"{site.ids['composite']}/", f"{site.ids['strategies']}/history/"]
    rest.append(f"{site.ids['strategies']}/edit/")
    rest += ["composite/new/", "deleted/", "gallery/", "import/"]
    things += [f"/s/shop/strategies/{one}" for one in rest]
    things.append(f"/s/shop/calendars/{site.ids['calendars']}/items/new/")
    return [*known, *things, *(f"/s/empty{one[7:]}" for one in known), *PLAIN]


def name_of(address):
    return address.strip("/").replace("/", "-") or "home"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible(visit, site, theme, language):
    page = visit(theme=theme, language=language)
    wrong = {}

    for address in addresses(page, site):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        screenshot(page, f"{name_of(address)}-{theme}-{language}")
        if found := violations(page):
            wrong[address] = found

    assert wrong == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_scrolls_sideways_on_a_phone(visit, site, theme):
    page = visit(theme=theme, size=PHONE)
    wide = []

    for address in addresses(page, site):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        screenshot(page, f"{name_of(address)}-{theme}-phone")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(address)

    assert wide == []


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_login_is_accessible(visit, language):
    page = visit(anonymous=True, language=language)

    page.goto("/login/")

    assert page.locator("html").get_attribute("lang") == language
    screenshot(page, f"login-{language}")
    assert violations(page) == []

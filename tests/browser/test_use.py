"""What people do: by keyboard, while pages refresh themselves, with little and with much."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, follow, quickest, screenshot

FOCUSED = "document.activeElement.textContent.trim()"


def test_alerts_are_worked_by_the_keyboard(visit):
    page = visit()
    page.goto("/s/shop/alerts/")

    page.keyboard.press("j")
    first = page.evaluate(FOCUSED)
    page.keyboard.press("j")
    second = page.evaluate(FOCUSED)
    page.keyboard.press("k")

    assert first != second
    assert page.evaluate(FOCUSED) == first
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.press("Escape")
    page.keyboard.type("j")
    assert page.input_value("#q") == "j"


def test_a_takes_the_alert_in_focus_and_keeps_the_focus(visit, site):
    page = visit()
    page.goto("/s/crowd/alerts/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    focused = page.evaluate(FOCUSED)

    with page.expect_response(lambda answer: answer.url.endswith("/alerts/")):
        page.keyboard.press("a")
    page.wait_for_selector("#alerts .pill-accent")

    expect(page.locator(":focus")).to_have_text(focused)


def test_a_refresh_moves_nothing(visit):
    page = visit()
    page.goto("/s/shop/alerts/")
    page.locator(".row-link").nth(2).focus()
    page.evaluate(
        "new PerformanceObserver((list) => { window.shift = (window.shift || 0) + list.getEntries().reduce((sum, one) => sum + one.value, 0); })"
        ".observe({type: 'layout-shift', buffered: false})"
    )
    focused = page.evaluate(FOCUSED)

    for _ in range(3):
        with page.expect_response(lambda answer: answer.url.endswith("/alerts/")):
            page.evaluate("document.body.dispatchEvent(new Event('alerts-changed'))")
        page.wait_for_timeout(150)

    assert page.evaluate(FOCUSED) == focused
    assert page.evaluate("window.shift || 0") == 0


def test_a_page_that_cannot_be_refreshed_says_so(visit):
    page = visit()
    page.goto("/s/shop/alerts/")
    page.route("**/s/shop/alerts/", lambda route: route.fulfill(status=502, body="gone"))  # fmt: skip

    page.evaluate("document.body.dispatchEvent(new Event('alerts-changed'))")

    page.wait_for_selector("#stale:visible")
    assert page.locator("[data-row]").count() > 0


def test_a_page_whose_session_ended_goes_to_the_login_by_itself(visit):
    page = visit()
    page.goto("/s/shop/alerts/")
    page.context.clear_cookies()

    page.evaluate("document.body.dispatchEvent(new Event('alerts-changed'))")

    page.wait_for_url("**/login/**")


def test_menus_open_and_close_by_keyboard(visit):
    page = visit()
    page.goto("/s/shop/")

    page.keyboard.press("Tab")
    assert "Skip" in page.evaluate(FOCUSED)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#side details[open] a").count() == 3
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")

    assert page.locator("#side details[open]").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_on_a_phone_the_navigation_opens_by_its_button(visit):
    page = visit(size=PHONE)
    page.goto("/s/shop/")

    page.click("[data-side]")
    screenshot(page, "menu-phone")
    page.click("#side .nav-list a >> nth=1")

    page.wait_for_url("**/alerts/")


def test_a_theme_is_chosen_against_the_systems(visit):
    page = visit(theme="light")
    page.goto("/profile/")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")

    page.locator(".menu summary").click()
    follow(page, "button[value='dark']")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_the_chart_of_an_alert_is_drawn(visit):
    page = visit()
    page.goto("/s/shop/alerts/?q=Problem")
    follow(page, "text=Problem 0")

    expect(page.locator(".chart canvas")).to_be_visible()
    expect(page.locator(".chart-legend")).to_contain_text("Problem 0")


def test_the_chart_of_a_strategys_alert_shows_its_series_alone(visit, site):
    page = visit()
    page.goto(f"/s/shop/alerts/{site.ids['alerts']}/")

    page.wait_for_selector(".chart canvas")

    expect(page.locator(".chart-legend span")).to_have_count(1)
    expect(page.locator(".chart-legend")).to_contain_text("instance=web-1")
    screenshot(page, "alert-with-chart")


@pytest.mark.parametrize("part", ["", "alerts/", "alerts/?state=all&q=job=node"])
def test_three_thousand_of_everything_come_in_a_second(visit, part):
    page = visit()
    page.goto("/s/crowd/")

    assert quickest(page, f"/s/crowd/{part}") < 1.5
    screenshot(page, f"crowd-{part.split('?')[0].strip('/') or 'overview'}")

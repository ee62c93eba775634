"""The editor of strategies by the keyboard: what is next has the focus."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import violations
from tests.browser.test_strategies import LIMIT, samples

__all__ = ["samples"]


@pytest.fixture
def page(visit, samples):  # noqa: F811
    """Open the editor of a new strategy over two series."""
    page = visit()
    page.goto("/s/shop/strategies/new/")
    page.fill("#id_expression", "editor_load")
    page.fill(LIMIT, "9")
    expect(page.locator("#preview .told")).to_contain_text("Would have fired")
    return page


def press(page, button):
    button.focus()
    page.keyboard.press("Enter")


def add(page, what):
    """Press the last button that adds a thing."""
    press(page, page.locator("#levels .btn", has_text=what).last)


def test_what_is_added_has_the_focus_and_what_is_removed_gives_it_on(page):
    add(page, "Level")
    expect(page.locator("[name=l-v1-severity]")).to_be_focused()
    assert page.input_value("[name=l-v1-severity]") == "2"
    add(page, "Method")
    expect(page.locator("[name=l-v1-d1-kind]")).to_be_focused()
    page.select_option("[name=l-v1-d1-kind]", "year_round")
    expect(page.locator("[name=l-v1-d1-fall_percent]")).to_be_visible()
    expect(page.locator("[name=l-v1-d1-kind]")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("[name=l-v1-d1-fall_percent]")).to_be_focused()
    assert violations(page) == []

    press(page, page.locator("#levels .drop").last)
    expect(page.locator("[name=l-v1-d1-kind]")).to_have_count(0)
    expect(page.locator("#levels .btn", has_text="Method").last).to_be_focused()
    press(page, page.locator("#levels .drop").last)
    expect(page.locator("[name=l-v1-severity]")).to_have_count(0)
    expect(page.locator("#levels .btn", has_text="Level")).to_be_focused()
    assert page.input_value(LIMIT) == "9"


def test_a_condition_to_be_over_comes_and_goes_by_keys(page):
    press(page, page.locator("#more-l-v0 summary"))
    press(page, page.locator("#more-l-v0 .btn", has_text="Limit"))
    expect(page.locator("[name=l-v0-o0-value]")).to_be_focused()
    page.keyboard.type("5")
    press(page, page.locator("#more-l-v0 .drop"))

    expect(page.locator("[name=l-v0-o0-value]")).to_have_count(0)
    expect(page.locator("#more-l-v0 .btn", has_text="Limit")).to_be_focused()


def test_a_series_is_isolated_and_let_go_by_keys(page):
    alone = page.get_by_role("button", name="This series alone")
    press(page, alone.nth(1))
    everyone = page.get_by_role("button", name="All series")
    expect(everyone).to_be_focused()
    expect(page.locator("#preview .told")).to_contain_text("Would")

    page.keyboard.press("Enter")
    expect(alone).to_have_count(2)
    expect(alone.nth(1)).to_be_focused()
    with page.expect_response("**/preview/"):
        page.evaluate("document.body.dispatchEvent(new Event('query-changed'))")
    expect(alone.nth(1)).to_be_focused()


def test_a_shorter_time_that_is_offered_is_the_one_that_is_chosen(page):
    offer = '<button type="button" data-press="span-1h">1 hour instead</button>'
    page.route("**/preview/", lambda route: route.fulfill(body=offer), times=1)
    page.locator(".choices label", has_text="30 days").click()

    press(page, page.locator("text=1 hour instead"))

    expect(page.locator("#span-1h")).to_be_focused()
    expect(page.locator("#span-1h")).to_be_checked()
    expect(page.locator("#preview .told")).to_contain_text("Would have fired")


def test_the_rest_is_reached_by_the_tabulator(page):
    wanted = {"late_periods", "flap_count", "no_data_policy", "no_data_by", "no_data_forget_s_0"}  # fmt: skip
    page.select_option("#id_no_data_policy", "group")
    press(page, page.locator("#more-when summary"))

    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.name"))

    assert wanted <= reached

"""The query builder by mouse and by keyboard, and its way to PromQL and back."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, follow, screenshot, violations
from tests.browser.test_strategies import samples

__all__ = ["samples"]


@pytest.fixture
def editor(visit, samples):  # noqa: F811
    """Open the editor of a new strategy with the builder."""

    def open_editor(**look):
        page = visit(**look)
        page.goto("/s/shop/strategies/new/")
        page.locator(".query-mode label").first.click()
        page.wait_for_selector("#builder")
        return page

    return open_editor


def options(page, name):
    return page.locator(f"[id='id_{name}_list'] option").evaluate_all("all => all.map(each => each.value)")  # fmt: skip


def test_a_query_is_built_by_the_keyboard_and_saved(editor):
    page = editor()
    page.fill("#id_name", "Load of the web")

    page.focus("[name=b-q0-metric]")
    page.keyboard.type("editor_lo")
    expect(page.locator("[id='id_b-q0-metric_list'] option")).to_have_count(1)
    assert options(page, "b-q0-metric") == ["editor_load"]
    page.keyboard.type("ad")
    page.keyboard.press("Tab")
    page.locator("button:has-text('Condition')").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[name=b-q0-c0-label]")).to_be_focused()
    page.keyboard.type("ho")
    expect(page.locator("[id='id_b-q0-c0-label_list'] option")).to_have_count(1)
    page.keyboard.type("st")
    page.select_option("[name=b-q0-c0-operator]", "include")
    page.focus("[name=b-q0-c0-values]")
    page.keyboard.type("web-2")
    page.select_option("[name=b-q0-over_time]", "max")
    page.select_option("[name=b-q0-over_labels]", "sum")
    page.fill("[name=b-q0-by]", "host")

    expect(page.locator("#told")).to_have_text('sum by (host) (max_over_time(editor_load{host=~".*web-2.*"}[5m]))')  # fmt: skip
    expect(page.locator("#preview tbody tr")).to_have_count(1)
    page.fill("input[name='l-v0-d0-c0-value']", "9")
    assert violations(page) == []
    follow(page, "main .btn-primary")
    page.goto(page.url + "edit/")
    assert page.input_value("[name=b-q0-c0-values]") == "web-2"


def test_promql_goes_into_the_builder_and_comes_back(visit, samples):  # noqa: F811
    page = visit()
    page.goto("/s/shop/strategies/new/")
    page.fill(
        "#id_expression",
        "max by(host) (editor_load) / on() group_left() sum(editor_load)*100",
    )

    page.locator("[name=query-mode][value=promql]").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("#builder")
    assert page.input_value("[name=b-expression]") == "a / b * 100"
    assert page.input_value("[name=b-q0-by]") == "host"
    expect(page.locator("[name=query-mode][value=builder]")).to_be_focused()
    expect(page.locator("#preview tbody tr")).to_have_count(2)
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#id_expression")

    assert page.input_value("#id_expression") == "max by (host) (editor_load) / on () group_left () sum(editor_load) * 100"  # fmt: skip


def test_what_the_builder_has_no_place_for_stays_promql(visit):
    page = visit()
    page.goto("/s/shop/strategies/new/")
    page.fill("#id_expression", "absent(up)")

    page.locator(".query-mode label").first.click()

    expect(page.locator("#query .flash")).to_contain_text("The builder has no place for: the function absent")  # fmt: skip
    assert page.input_value("#id_expression") == "absent(up)"
    assert page.is_checked("[name=query-mode][value=promql]")
    assert violations(page) == []


def test_blocks_come_and_go_and_keep_what_was_typed(editor):
    page = editor()
    page.fill("[name=b-q0-metric]", "editor_load")

    page.locator("button:has-text('Query')").click()
    expect(page.locator("[name=b-q1-metric]")).to_be_focused()
    page.fill("[name=b-q1-metric]", "editor_load")
    page.fill("[name=b-expression]", "a / b")
    expect(page.locator("#told")).to_have_text("editor_load / editor_load")
    page.locator("button:has-text('Function')").first.click()
    expect(page.locator("[name=b-q0-f0-function]")).to_be_focused()
    assert not page.is_visible("[name=b-q0-f0-argument]")
    page.select_option("[name=b-q0-f0-function]", "topk")
    page.fill("[name=b-q0-f0-argument]", "3")
    expect(page.locator("#told")).to_have_text("topk(3, editor_load) / editor_load")
    page.locator("button:has-text('Remove')").last.click()

    expect(page.locator("[name=b-q1-metric]")).to_have_count(0)
    expect(page.locator("#told")).to_contain_text("which is none of a")
    assert page.input_value("[name=b-q0-f0-argument]") == "3"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), PHONE], ids=["desktop", "phone"])
def test_how_it_looks(editor, language, theme, size):
    page = editor(language=language, theme=theme, size=size)
    page.fill("[name=b-q0-metric]", "editor_load")
    for number in range(2):
        page.locator("button[hx-vals*='\"c\"']").first.click()
        page.wait_for_selector(f"[name=b-q0-c{number}-label]")
        page.fill(f"[name=b-q0-c{number}-label]", "host")
        page.fill(f"[name=b-q0-c{number}-values]", "web-1, web-2")
    page.select_option("[name=b-q0-over_time]", "rate")
    page.select_option("[name=b-q0-over_labels]", "quantile")
    page.fill("[name=b-q0-argument]", "0.95")
    page.locator("button[hx-vals*='\"shift\"']").first.click()
    page.wait_for_selector("[name=b-q0-shift_0]")
    page.locator("button[hx-vals*='\"q\"']").click()
    page.wait_for_selector("[name=b-q1-metric]")
    page.wait_for_timeout(500)

    assert violations(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")  # fmt: skip
    assert wide <= 0
    screenshot(page, f"builder-{size[0]}-{theme}-{language}")

"""A rule file by hand: chosen, looked at, confirmed, and given out again."""

from playwright.sync_api import expect

from tests.browser.conftest import follow, screenshot, violations

RULES = """
groups:
  - name: shop
    rules:
      - {alert: Shop is slow, expr: shop_seconds > 2, for: 5m, labels: {severity: warning}}
      - {alert: Shop is slow, expr: shop_seconds > 9, labels: {severity: critical}}
      - alert: Orders wait
        expr: orders_waiting > 100
        labels: {severity: ticket}
        annotations: {summary: '{{ with query "up" }}{{ . }}{{ end }}'}
      - {record: "shop:seconds:mean", expr: avg(shop_seconds)}
      - {alert: Misspelt, expr: up == 0, fro: 5m}
"""


def test_a_rule_file_is_looked_at_imported_and_exported(visit, tmp_path):
    file = tmp_path / "shop.yml"
    file.write_text(RULES)
    page = visit()
    page.goto("/s/shop/strategies/")
    follow(page, "text=Import rules")
    page.set_input_files("#id_file", file)
    follow(page, "text=Show what would change")

    plan = page.locator("main")
    expect(plan).to_contain_text("shop.yml: 2 new, 0 changed, 0 unchanged, 2 not taken")
    expect(plan).to_contain_text("it records a series and raises no alert")
    screenshot(page, "rules-plan")
    assert violations(page) == []

    follow(page, "text=Import 2 strategies")
    expect(page.locator(".flash").first).to_contain_text("Imported: 2 new")
    with page.expect_download() as download:
        page.click("text=Export rules")
    exported = download.value.path().read_text()
    assert download.value.suggested_filename == "shop.yml"
    assert exported.count("alert: Shop is slow") == 2

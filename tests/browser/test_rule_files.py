"""A rule file by hand: chosen, looked at, confirmed, and given out again."""

from tests.browser.conftest import screenshot, violations

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
    page.click("text=Import rules")
    page.set_input_files("#id_file", file)
    page.click("text=Show what would change")

    plan = page.locator("#main, main").first.inner_text()
    assert "shop.yml: 2 new, 0 changed, 0 unchanged, 2 not taken" in plan
    assert "it records a series and raises no alert" in plan
    screenshot(page, "rules-plan")
    assert violations(page) == []

    page.click("text=Import 2 strategies")
    assert "Imported: 2 new" in page.locator(".flash").first.inner_text()
    with page.expect_download() as download:
        page.click("text=Export rules")
    exported = download.value.path().read_text()
    assert download.value.suggested_filename == "shop.yml"
    assert exported.count("alert: Shop is slow") == 2

from collections.abc import Iterator
from typing import Any

from django.db import migrations, models


def group_limits(apps: Any, schema_editor: Any) -> None:
    """Make a level of the limits of each severity, in the history too."""
    for strategy in rows(apps, "Strategy", "limits", "levels"):
        strategy.levels = levels_of(strategy.limits)
        strategy.save(update_fields=["levels"])
    for revision in rows(apps, "StrategyRevision", "definition", "changed"):
        limits = revision.definition.pop("limits", [])
        revision.definition["levels"] = levels_of(limits)
        rename(revision, "limits", "levels")


def rows(apps: Any, model: str, *fields: str) -> Any:
    return apps.get_model("strategies", model).objects.only(*fields).iterator()


def rename(revision: Any, old: str, new: str) -> None:
    revision.changed = [new if name == old else name for name in revision.changed]
    revision.save(update_fields=["definition", "changed"])


def levels_of(limits: list[Any]) -> list[Any]:
    by_severity: dict[int, list[Any]] = {}
    for limit in limits:
        by_severity.setdefault(limit["severity"], []).append(limit)
    return [
        {"severity": severity, "detectors": [detector_of(limits)]}
        for severity, limits in sorted(by_severity.items())
    ]


def detector_of(limits: list[Any]) -> dict[str, Any]:
    if any(limit["operator"] == "any" for limit in limits):
        return {"kind": "present"}
    groups = [
        [{"operator": limit["operator"], "value": limit["value"]}] for limit in limits
    ]
    return {"kind": "threshold", "any_of": groups}


def spread_limits(apps: Any, schema_editor: Any) -> None:
    """Make limits of what the levels can say in them."""
    for strategy in rows(apps, "Strategy", "limits", "levels"):
        strategy.limits = limits_of(strategy.levels)
        strategy.save(update_fields=["limits"])
    for revision in rows(apps, "StrategyRevision", "definition", "changed"):
        levels = revision.definition.pop("levels", [])
        revision.definition["limits"] = limits_of(levels)
        rename(revision, "levels", "limits")


def limits_of(levels: list[Any]) -> list[Any]:
    return [
        {"severity": level["severity"]} | limit
        for level in levels
        for detector in level["detectors"]
        for limit in limits_in(detector)
    ]


def limits_in(detector: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if detector["kind"] == "present":
        yield {"operator": "any", "value": None}
    if detector["kind"] == "threshold":
        yield from (group[0] for group in detector["any_of"])


class Migration(migrations.Migration):
    dependencies = [("strategies", "0004_keep_a_history_of_strategies")]

    operations = [
        migrations.AddField("strategy", "levels", models.JSONField(default=list)),
        migrations.RunPython(group_limits, spread_limits),
        migrations.RemoveField("strategy", "limits"),
    ]

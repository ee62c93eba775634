"""What a strategy evaluates, said twice: as PromQL, and as the query it was built from."""

from collections.abc import Mapping
from typing import Any

from bkmonitor.strategies.structured import normalized, to_promql


def settle(sent: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return query and expression as they become, so that they never contradict.

    What is sent and differs from what is stored decides; if both do, the query. An
    expression that is written by hand has no query.

    Errors  InvalidInput for a query that makes no sense.
    """
    changed = {
        name
        for name in ("query", "expression")
        if name in sent and sent[name] != stored.get(name)
    }
    if "query" in changed and sent["query"] is not None:
        query = normalized(sent["query"])
        return {"query": query, "expression": to_promql(query)}
    return {"query": None} if "expression" in changed else {}

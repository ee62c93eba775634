"""Many rows of probes changed by one statement, in PostgreSQL's words and SQLite's."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

# The new values travel as one JSON array: its length does not change the statement.
_POSTGRESQL = """
UPDATE probes_probe AS p SET {sets}
FROM jsonb_to_recordset(%s::jsonb) AS v({columns})
WHERE p.id = v.id AND {condition}
"""
_SQLITE = """
UPDATE probes_probe AS p SET {sets}
FROM (SELECT {columns} FROM json_each(%s)) AS v
WHERE p.id = v.id AND {condition}
"""


def update_probes(
    rows: Sequence[Mapping[str, Any]], types: Mapping[str, str], *, condition: str
) -> int:
    """Set columns of many probes at once; return how many rows were changed.

    `rows` hold "id" and the columns of `types` (their PostgreSQL types);
    `condition` compares the row `p` with its new values `v`.
    """
    if not rows:
        return 0
    sets = ", ".join(f"{name} = v.{name}" for name in types)
    if connection.vendor == "postgresql":
        columns = ", ".join(f"{n} {t}" for n, t in {"id": "bigint", **types}.items())
        statement = _POSTGRESQL
    else:
        columns = ", ".join(
            f"json_extract(value, '$.{name}') AS {name}" for name in ("id", *types)
        )
        statement = _SQLITE
    # All the words in it are ours; the values are in the JSON.
    sql = statement.format(sets=sets, columns=columns, condition=condition)
    with connection.cursor() as cursor:
        cursor.execute(sql, [orjson.dumps(list(rows)).decode()])
        return int(cursor.rowcount)


def as_column(at: datetime | None) -> str | None:
    """Return a moment as the database's own text."""
    if at is None:
        return None
    if connection.vendor == "postgresql":
        return at.isoformat()
    return str(connection.ops.adapt_datetimefield_value(at))

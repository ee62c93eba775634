"""Many rows of one table written at once, as fast as the database takes them.

PostgreSQL takes rows by COPY, three times as fast as by INSERT, and changes them from
arrays, a statement for thousands; Django's `bulk_update` writes a CASE with a branch for each
row and field, and takes minutes for what takes seconds here. SQLite has its statement
prepared once and run for each row.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import orjson
from django.db import connections, models, router, transaction

from bkmonitor.lib.garbage import collected_later

BATCH = 5000
# In COPY's text format these would end a field, a row, or themselves.
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
NULL = "\\N"

Field: TypeAlias = "models.Field[Any, Any]"


def insert(rows: Sequence[models.Model]) -> None:
    """Write rows that are new, all of one model, and give them their keys."""
    if not rows:
        return
    model = type(rows[0])
    using = router.db_for_write(model)
    if connections[using].vendor != "postgresql":
        model._default_manager.bulk_create(rows, batch_size=BATCH)
        return
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    with transaction.atomic(using=using, savepoint=False), collected_later():
        for row, key in zip(rows, _keys(model, using, len(rows)), strict=True):
            row.pk = key
        connection = connections[using]
        with connection.cursor() as cursor, connection.wrap_database_errors:
            _copy(cursor, model._meta.db_table, fields, rows)
    for row in rows:
        row._state.adding, row._state.db = False, using


def update(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write the named fields of rows that exist, all of one model.

    A row that is not there any more is left out.
    """
    if not rows:
        return
    model = type(rows[0])
    using = router.db_for_write(model)
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    with transaction.atomic(using=using, savepoint=False), collected_later():
        if connections[using].vendor == "postgresql":
            _update_from_arrays(model, using, fields, rows)
        else:
            _update_one_by_one(model, using, fields, rows)


def _keys(model: type[models.Model], using: str, count: int) -> list[int]:
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [model._meta.db_table, _key(model).column, count],
        )
        return [key for (key,) in cursor.fetchall()]


def _update_from_arrays(
    model: type[models.Model],
    using: str,
    fields: Sequence[Field],
    rows: Sequence[models.Model],
) -> None:
    connection = connections[using]
    quote, key = connection.ops.quote_name, _key(model)
    columns = [quote(_column(field)) for field in fields]
    casts = [field.rel_db_type(connection) for field in (key, *fields)]
    typed = ", ".join(f"given.v{at}::{cast} AS v{at}" for at, cast in enumerate(casts))
    arrays = ", ".join(["%s::text[]"] * len(casts))
    names = ", ".join(f"v{at}" for at in range(len(casts)))
    changes = ", ".join(f"{column} = v{at}" for at, column in enumerate(columns, 1))
    table = quote(model._meta.db_table)
    statement = (
        f"UPDATE {table} SET {changes} "
        f"FROM (SELECT {typed} FROM unnest({arrays}) AS given({names})) AS changed "
        f"WHERE {table}.{quote(_column(key))} = v0"
    )
    ways = [(field.attname, _way(field)) for field in (key, *fields)]
    with connection.cursor() as cursor:
        for begin in range(0, len(rows), BATCH):
            some = rows[begin : begin + BATCH]
            cursor.execute(statement, [_texts(some, *way) for way in ways])


def _texts(
    rows: Sequence[models.Model], name: str, write: Callable[[Any], str]
) -> list[str | None]:
    values = (getattr(row, name) for row in rows)
    return [None if value is None else write(value) for value in values]


def _update_one_by_one(
    model: type[models.Model],
    using: str,
    fields: Sequence[Field],
    rows: Sequence[models.Model],
) -> None:
    connection = connections[using]
    quote = connection.ops.quote_name
    changes = ", ".join(f"{quote(_column(field))} = %s" for field in fields)
    table, key = quote(model._meta.db_table), quote(_column(_key(model)))
    given = [
        [
            *(
                field.get_db_prep_save(getattr(row, field.attname), connection)
                for field in fields
            ),
            row.pk,
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {changes} WHERE {key} = %s", given)


def _copy(
    cursor: Any, table: str, fields: Sequence[Field], rows: Iterable[models.Model]
) -> None:
    """Send rows by COPY; psycopg reads them from memory."""
    columns = ", ".join(f'"{_column(field)}"' for field in fields)
    ways = [(field.attname, _way(field)) for field in fields]
    lines = io.StringIO()
    for row in rows:
        values = (
            NULL
            if (value := getattr(row, name)) is None
            else write(value).translate(ESCAPES)
            for name, write in ways
        )
        lines.write("\t".join(values))
        lines.write("\n")
    lines.seek(0)
    cursor.copy_expert(f'COPY "{table}" ({columns}) FROM STDIN', lines)


def _way(field: Field) -> Callable[[Any], str]:
    """Return how a value of a field, not None, is written as PostgreSQL reads it."""
    if isinstance(field, models.JSONField):
        return _json
    if isinstance(field, models.DateTimeField):
        return datetime.isoformat
    if isinstance(field, models.BooleanField):
        return lambda value: "t" if value else "f"
    # Texts, numbers, and keys that are numbers.
    return str


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _key(model: type[models.Model]) -> Field:
    return model._meta.pk


def _column(field: Field) -> str:
    return str(field.column)

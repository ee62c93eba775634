"""Seal every stored secret again, under the newest key."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models, transaction

from bkmonitor.accounts import services
from bkmonitor.accounts.fields import SealedJSONField, SealedTextField

BATCH = 500


def reseal_all() -> dict[str, int]:
    """Seal all secrets of all rooms under the newest key; return rows by table.

    Safe to run twice and while the service runs: rows are locked batch by batch,
    and what is sealed with a fallback can be opened all the while. The one place
    that writes other rooms' tables, because to it a secret is a secret.
    Errors  InvalidInput when a secret fits none of the keys; nothing of its batch
            is written and the former key stays the noted one.
    """
    counts = {}
    for model in apps.get_models():
        if names := [field.name for field in sealed_fields(model)]:
            counts[model._meta.label] = _reseal(model, names)
    services.note_key()
    return counts


def sealed_fields(
    model: type[models.Model],
) -> Iterator["models.Field[Any, Any]"]:
    """Yield the fields of a model whose values are sealed."""
    for field in model._meta.concrete_fields:
        if isinstance(field, SealedTextField | SealedJSONField):
            yield field


def _reseal(model: type[models.Model], names: list[str]) -> int:
    rows, last = 0, 0
    while True:
        with transaction.atomic():
            batch = list(
                model._default_manager.select_for_update()
                .filter(pk__gt=last)
                .order_by("pk")
                .only("pk", *names)[:BATCH]
            )
            if not batch:
                return rows
            # Reading opened the values; writing seals them under the newest key.
            model._default_manager.bulk_update(batch, names)
        rows, last = rows + len(batch), batch[-1].pk

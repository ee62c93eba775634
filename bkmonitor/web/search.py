"""Lists narrowed by what somebody types: words, phrases in quotes, and labels."""

import json
import re
from collections.abc import Sequence
from functools import reduce
from itertools import islice
from operator import or_
from typing import TypeVar

from django.db.models import Model, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact, IContains

PART = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
# As label=value or label!=value; a value with spaces stands in double quotes.
MATCHER = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)(!?=)(.*)")
MOST_PARTS = 10
Row = TypeVar("Row", bound=Model)


def matching(
    rows: QuerySet[Row], asked: str, texts: Sequence[str] = ("name",)
) -> QuerySet[Row]:
    """Keep the rows that have every part of `asked`, of which MOST_PARTS count.

    A word, or a phrase in quotes, has to stand in one of the fields `texts` or, if
    the rows have labels, in those, in any case of its letters. name=value and
    name!=value are held against the labels; one that a row lacks counts as empty.
    """
    labelled = any(field.name == "labels" for field in rows.model._meta.fields)
    for part in islice(PART.findall(asked), MOST_PARTS):
        plain = part.replace('"', "")
        if labelled and (matcher := MATCHER.fullmatch(part)):
            name, operator, value = matcher.groups()
            rows = rows.filter(_label(name, operator, value.replace('"', "")))
        elif plain:
            rows = rows.filter(_anywhere(plain, texts, labelled=labelled))
    return rows


def _label(name: str, operator: str, value: str) -> Q:
    # Spelt out, since a name may hold "__", which a keyword would read as a lookup.
    found = KeyTextTransform(name, "labels")
    text = Coalesce(found, Value(""), output_field=TextField())
    equal = Q(Exact(text, value))
    return equal if operator == "=" else ~equal


def _anywhere(text: str, fields: Sequence[str], *, labelled: bool) -> Q:
    found = [Q(**{f"{field}__icontains": text}) for field in fields]
    if labelled:
        # SQLite keeps letters beyond ASCII escaped in JSON, PostgreSQL as they are.
        spellings = {text, json.dumps(text)[1:-1]}
        labels = Cast("labels", TextField())
        found += [Q(IContains(labels, spelling)) for spelling in spellings]
    return reduce(or_, found)

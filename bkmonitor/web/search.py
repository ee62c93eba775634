"""Lists narrowed by what somebody types: words of the name, and labels."""

import re
from collections.abc import Sequence
from functools import reduce
from itertools import islice
from operator import or_
from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import Exact, IsNull

# As label=value or label!=value; a value with spaces stands in double quotes.
PART = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)(!?=)("[^"]*"|\S+)|"([^"]*)"|(\S+)')
MOST_PARTS = 10
Row = TypeVar("Row", bound=Model)


def matching(
    rows: QuerySet[Row], asked: str, texts: Sequence[str] = ("name",)
) -> QuerySet[Row]:
    """Keep the rows that have every part of `asked`.

    A word has to stand in one of the fields `texts`, in any case of its letters;
    name=value and name!=value are held against the labels, if the rows have any.
    """
    labelled = any(field.name == "labels" for field in rows.model._meta.fields)
    for part in islice(PART.finditer(asked), MOST_PARTS):
        name, operator, value, quoted, word = part.groups()
        if name and not labelled:
            rows = rows.filter(_anywhere(part.group(), texts))
        elif name:
            rows = rows.filter(_label(name, operator, value.strip('"')))
        elif text := quoted or word:
            rows = rows.filter(_anywhere(text, texts))
    return rows


def _label(name: str, operator: str, value: str) -> Q:
    # Spelt out, since a name may hold "__", which a keyword would read as a lookup.
    found = KeyTextTransform(name, "labels")
    equal = Q(Exact(found, value))
    return equal if operator == "=" else ~equal | Q(IsNull(found, True))


def _anywhere(text: str, fields: Sequence[str]) -> Q:
    return reduce(or_, (Q(**{f"{field}__icontains": text}) for field in fields))

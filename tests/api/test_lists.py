"""A list costs the same however long it is."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.api.conftest import as_user
from tests.api.routes import ROUTES

pytestmark = pytest.mark.django_db
NOUNS = sorted(
    {r.name.removesuffix("-list") for r in ROUTES if r.name.endswith("-list")}
)
MOST_QUERIES = 8


@pytest.mark.parametrize("noun", [noun for noun in NOUNS if noun != "space"])
def test_listing_costs_the_same_for_one_row_or_many(noun):
    api = as_user("admin")
    detail = next(r for r in ROUTES if r.name == f"{noun}-detail")

    def queries_with(rows):
        for _ in range(rows):
            detail.make(api.space)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert api.get(reverse(f"api:{noun}-list")).status_code == 200
        return len(queries)

    one, many = queries_with(1), queries_with(6)

    assert one == many <= MOST_QUERIES

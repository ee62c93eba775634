from datetime import timedelta

import pytest

from bkmonitor.alerts.models import Alert
from bkmonitor.web.paging import page
from tests.factories import NOON, make_alert, make_space

pytestmark = pytest.mark.django_db
ORDER = ("-started_at", "-pk")


def make_alerts(count):
    space = make_space()
    for number in range(count):
        # Two of each moment, so that the key has to decide.
        make_alert(
            space,
            started_at=NOON + timedelta(minutes=number // 2),
            open_key=f"strategy:x:{number}",
        )


def test_walking_forth_and_back_shows_every_row_once():
    make_alerts(7)
    rows = Alert.objects.all()
    wanted = list(rows.order_by(*ORDER))

    first = page(rows, ORDER, size=3)
    second = page(rows, ORDER, first.next, size=3)
    third = page(rows, ORDER, second.next, size=3)
    back = page(rows, ORDER, third.previous, size=3)

    assert [*first.rows, *second.rows, *third.rows] == wanted
    assert (first.previous, third.next) == ("", "")
    assert back.rows == second.rows


def test_a_row_that_comes_in_between_moves_nothing():
    make_alerts(4)
    first = page(Alert.objects.all(), ORDER, size=2)
    second = page(Alert.objects.all(), ORDER, first.next, size=2)

    make_alert(started_at=NOON + timedelta(hours=1))

    assert page(Alert.objects.all(), ORDER, first.next, size=2).rows == second.rows


@pytest.mark.parametrize("cursor", ["", "x", "WyJmIl0=", "WyJmIixbXSxbXV0=", "€"])
def test_a_cursor_that_is_none_gives_the_first_page(cursor):
    make_alerts(2)

    assert len(page(Alert.objects.all(), ORDER, cursor).rows) == 2


def test_a_page_costs_one_query(django_assert_num_queries):
    make_alerts(5)

    with django_assert_num_queries(1):
        page(Alert.objects.all(), ORDER, size=2)

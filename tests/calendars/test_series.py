import pytest

from bkmonitor.calendars.models import CalendarItem
from bkmonitor.calendars.series import Scope, change_occurrence, remove_occurrence
from bkmonitor.calendars.services import occurrences
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.spans import Span
from tests.factories import make_item
from tests.lib.test_recurrence import utc

pytestmark = pytest.mark.django_db
ONE, FOLLOWING, ALL = Scope.ONE, Scope.FOLLOWING, Scope.ALL
THIRD = "2026-03-03T09:00"


def series(rule="FREQ=DAILY;COUNT=4", **fields):
    """Return an item from 09:00 to 10:00 on the first of March and the days after."""
    hours = {"start": "2026-03-01T09:00", "end": "2026-03-01T10:00"}
    return make_item(name="watch", rule=rule, **hours | fields)


def on():
    march = Span(utc("2026-03-01"), utc("2026-04-01"))
    return [
        f"{each.item.name} {each.start:%d %H:%M}"
        for each in occurrences(CalendarItem.objects.all(), march)
    ]


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        (ONE, ["watch 01 09:00", "watch 02 09:00", "watch 04 09:00"]),
        (FOLLOWING, ["watch 01 09:00", "watch 02 09:00"]),
        (ALL, []),
    ],
)
def test_what_is_taken_out(scope, left):
    remove_occurrence(series(), occurrence=THIRD, scope=scope)

    assert on() == left


@pytest.mark.parametrize(
    ("scope", "now_on"),
    [
        (ONE, ["watch 01 09:00", "watch 02 09:00", "late 03 11:00", "watch 04 09:00"]),
        (
            FOLLOWING,
            ["watch 01 09:00", "watch 02 09:00", "late 03 11:00", "late 04 11:00"],
        ),
        (ALL, ["late 01 11:00", "late 02 11:00", "late 03 11:00", "late 04 11:00"]),
    ],
)
def test_what_is_changed(scope, now_on):
    later = {"name": "late", "start": "2026-03-03T11:00", "end": "2026-03-03T12:30"}

    changed = change_occurrence(series(), later, occurrence=THIRD, scope=scope)

    assert on() == now_on
    assert changed.name == "late"
    assert f"{changed.recurring.length}" == "1:30:00"


def test_a_change_of_the_name_alone_moves_nothing():
    change_occurrence(series(), {"name": "new"}, occurrence=THIRD, scope=ALL)

    assert on() == ["new 01 09:00", "new 02 09:00", "new 03 09:00", "new 04 09:00"]


@pytest.mark.parametrize("scope", [FOLLOWING, ALL])
def test_what_is_left_out_stays_left_out_when_the_series_moves(scope):
    item = series(exceptions=["2026-03-02T09:00", "2026-03-04T09:00"])

    change_occurrence(
        item,
        {"start": "2026-03-03T08:00", "end": "2026-03-03T09:00"},
        occurrence=THIRD,
        scope=scope,
    )

    assert on() == [f"watch 01 0{8 if scope == ALL else 9}:00", "watch 03 08:00"]


def test_this_and_all_that_follow_may_get_a_rule_of_their_own():
    weekly = {"rule": "FREQ=WEEKLY;COUNT=2"}

    change_occurrence(series(), weekly, occurrence=THIRD, scope=FOLLOWING)

    assert [each[-8:] for each in on()] == [
        "01 09:00",
        "02 09:00",
        "03 09:00",
        "10 09:00",
    ]


@pytest.mark.parametrize("scope", [FOLLOWING, ALL])
def test_from_the_first_on_it_is_the_whole_series(scope):
    item = series()

    changed = change_occurrence(
        item, {"name": "all"}, occurrence="2026-03-01T09:00", scope=scope
    )

    assert changed.pk == item.pk
    assert CalendarItem.objects.count() == 1


@pytest.mark.parametrize("scope", Scope)
def test_what_happens_once_is_changed_and_removed_whatever_is_said(scope):
    item = series(rule="")
    start = {"occurrence": "2026-03-01T09:00", "scope": scope}

    changed = change_occurrence(item, {"name": "once"}, **start)

    assert on() == ["once 01 09:00"]
    remove_occurrence(changed, **start)
    assert on() == []


@pytest.mark.parametrize("when", ["2026-03-03T10:00", "2026-03-09T09:00", "soon", ""])
def test_a_time_at_which_it_does_not_begin_is_named(when):
    with pytest.raises(InvalidInput) as caught:
        remove_occurrence(series(), occurrence=when, scope=ONE)

    assert set(caught.value.fields) == {"occurrence"}


def test_the_same_time_is_not_taken_out_twice():
    item = series()
    remove_occurrence(item, occurrence=THIRD, scope=ONE)

    with pytest.raises(InvalidInput):
        remove_occurrence(item, occurrence=THIRD, scope=ONE)


def test_two_people_who_read_the_same_item_leave_out_two_times():
    item = series()
    same = CalendarItem.objects.get(pk=item.pk)

    remove_occurrence(item, occurrence=THIRD, scope=ONE)
    remove_occurrence(same, occurrence="2026-03-02T09:00", scope=ONE)

    assert on() == ["watch 01 09:00", "watch 04 09:00"]


def test_an_end_by_date_survives_the_cut():
    item = series("FREQ=DAILY;UNTIL=20260304T235959")

    change_occurrence(item, {"name": "late"}, occurrence=THIRD, scope=FOLLOWING)

    assert on() == [
        "watch 01 09:00",
        "watch 02 09:00",
        "late 03 09:00",
        "late 04 09:00",
    ]

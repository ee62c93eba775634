"""Active time: muted and never lost, whatever runs twice, late or not at all."""

from datetime import UTC, datetime, timedelta

import pytest

from bkmonitor.alerts.models import Alert, Transition
from bkmonitor.alerts.services import acknowledge, resolve_source, unacknowledge
from bkmonitor.lib.errors import Conflict
from bkmonitor.notifications.models import Notification
from bkmonitor.pipeline import calendars, sources
from bkmonitor.routing.models import AlertGroup
from bkmonitor.routing.services import look_again, route_pending
from bkmonitor.routing.standing import LOOK_EVERY, REPEAT_EVERY
from tests.factories import (
    make_alert,
    make_calendar,
    make_item,
    make_receiver,
    make_space,
    make_strategy,
    make_user,
)

pytestmark = pytest.mark.django_db

# A Monday. Nobody is to be told before eight and after six.
OFFICE = {
    "timezone": "UTC",
    "weekly": [{"days": [1, 2, 3, 4, 5], "start": "08:00", "end": "18:00"}],
}
NIGHT = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
EVENING = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def space():
    return make_space()


@pytest.fixture
def receiver(space):
    return make_receiver(space)


def fire(space, at, **fields):
    strategy = make_strategy(space, **{"active_time": OFFICE} | fields)
    alert = make_alert(space, source_id=strategy.pk, started_at=at)
    Transition.objects.create(alert=alert, kind="fired", severity=1, at=at)
    return alert


def end(alert, at):
    resolve_source("strategy", alert.source_id, at=at, reason="source_changed")


def beat(*moments):
    for now in moments:
        route_pending(now)
        look_again(now)


def told():
    return list(Notification.objects.order_by("pk").values_list("reason", flat=True))


def notes(alert):
    return list(alert.notes.values_list("kind", "text"))


def test_at_night_nobody_is_told_and_the_story_says_until_when(space, receiver):
    alert = fire(space, NIGHT)

    beat(NIGHT)

    assert told() == []
    assert notes(alert) == [("muted", MORNING.isoformat())]
    assert AlertGroup.objects.get(alert=alert).muted_until == MORNING
    alert.refresh_from_db()
    assert alert.state == "firing"


def test_in_the_morning_it_is_told_once(space, receiver):
    alert = fire(space, NIGHT)
    beat(NIGHT)

    beat(MORNING - SECOND)
    assert told() == []
    beat(MORNING, MORNING, MORNING + SECOND)

    assert told() == ["fired"]
    assert Notification.objects.get().created_at == MORNING
    assert AlertGroup.objects.get(alert=alert).muted_until is None


def test_a_beat_that_was_away_all_morning_loses_nothing(space, receiver):
    fire(space, NIGHT)
    beat(NIGHT)

    beat(MORNING + timedelta(hours=5))

    assert told() == ["fired"]


def test_nothing_ran_all_night(space, receiver):
    fire(space, NIGHT)

    beat(MORNING + timedelta(minutes=1))

    assert told() == ["fired"]


def test_late_in_the_evening_it_waits_for_the_next_day(space, receiver):
    fire(space, NIGHT)
    beat(NIGHT)

    beat(EVENING)

    assert told() == []
    beat(MORNING + timedelta(days=1))
    assert told() == ["fired"]


def test_it_is_repeated_from_then_on(space, receiver):
    fire(space, NIGHT)
    beat(NIGHT, MORNING)

    beat(MORNING + REPEAT_EVERY - SECOND, MORNING + REPEAT_EVERY)

    assert told() == ["fired", "repeat"]


def test_what_came_and_went_at_night_is_told_to_nobody(space, receiver):
    alert = fire(space, NIGHT)
    beat(NIGHT)
    end(alert, NIGHT + timedelta(hours=1))

    beat(NIGHT + timedelta(hours=1), MORNING, MORNING + timedelta(days=1))

    assert told() == []
    assert notes(alert)[1:] == [("nobody_told", "ended_muted")]
    assert AlertGroup.objects.get(alert=alert).next_repeat_at is None


def test_what_came_and_went_between_two_beats_is_told_to_nobody(space, receiver):
    alert = fire(space, NIGHT)
    end(alert, NIGHT)

    beat(NIGHT, MORNING)

    assert told() == []
    assert notes(alert)[-1] == ("nobody_told", "ended_muted")


def test_what_ended_as_the_morning_began_is_told_to_nobody(space, receiver):
    alert = fire(space, NIGHT)
    beat(NIGHT)
    end(alert, MORNING - SECOND)

    # The look comes first, and must not tell what is over.
    look_again(MORNING)
    route_pending(MORNING)

    assert told() == []
    assert ("nobody_told", "ended_muted") in notes(alert)


def test_who_was_told_by_day_hears_of_the_end_in_the_morning(space, receiver):
    by_day = EVENING - timedelta(hours=1)
    alert = fire(space, by_day)
    beat(by_day)
    make_receiver(space)
    end(alert, EVENING + timedelta(hours=2))

    beat(EVENING + timedelta(hours=2))
    assert told() == ["fired"]
    beat(MORNING + timedelta(days=1), MORNING + timedelta(days=1))

    assert told() == ["fired", "resolved"]
    assert set(Notification.objects.values_list("receiver", flat=True)) == {receiver.pk}
    assert notes(alert) == [("muted", (MORNING + timedelta(days=1)).isoformat())]


def test_a_repeat_waits_for_the_morning(space, receiver):
    by_day = EVENING - timedelta(hours=1)
    alert = fire(space, by_day)
    beat(by_day)

    beat(by_day + REPEAT_EVERY)
    assert told() == ["fired"]
    beat(MORNING + timedelta(days=1))

    assert told() == ["fired", "repeat"]
    assert [kind for kind, _text in notes(alert)] == ["muted"]


def test_what_got_worse_at_night_is_told_in_the_morning(space, receiver):
    by_day = EVENING - timedelta(hours=1)
    alert = fire(space, by_day)
    beat(by_day)
    Alert.objects.update(severity=1)
    Transition.objects.create(alert=alert, kind="worsened", severity=1, at=EVENING)

    beat(EVENING, MORNING + timedelta(days=1))

    assert told() == ["fired", "worsened"]


def test_who_takes_it_at_night_is_not_disturbed_in_the_morning(space, receiver):
    alert = fire(space, NIGHT)
    beat(NIGHT)
    acknowledge(alert, by=make_user(), at=NIGHT)

    beat(MORNING)
    assert told() == []
    alert.refresh_from_db()
    unacknowledge(alert, by=make_user(), at=MORNING)
    beat(MORNING + REPEAT_EVERY)

    assert told() == ["fired"]


def test_two_workers_tell_it_once(space, receiver):
    fire(space, NIGHT)
    beat(NIGHT)

    assert (look_again(MORNING), look_again(MORNING)) == (1, 0)
    assert told() == ["fired"]


def test_a_crash_while_telling_loses_and_doubles_nothing(space, receiver):
    fire(space, NIGHT)
    beat(NIGHT)
    before = AlertGroup.objects.values().get()
    look_again(MORNING)
    # As if the message had come out and the group had not.
    AlertGroup.objects.update(**before)

    look_again(MORNING)

    assert told() == ["fired"]


def test_an_alert_of_missing_data_keeps_the_hours_of_its_strategy(space, receiver):
    alert = fire(space, NIGHT)
    Alert.objects.filter(pk=alert.pk).update(source_kind="no_data")

    beat(NIGHT)

    assert told() == []


def test_a_probe_of_the_same_number_has_no_hours(space, receiver):
    alert = fire(space, NIGHT)
    Alert.objects.filter(pk=alert.pk).update(source_kind="probe")

    beat(NIGHT)

    assert told() == ["fired"]


def test_when_the_strategy_is_deleted_its_people_are_told_at_once(space, receiver):
    by_day = EVENING - timedelta(hours=1)
    alert = fire(space, by_day)
    beat(by_day)
    end(alert, EVENING)
    beat(EVENING)

    alert_of = sources.Strategy.objects.get(pk=alert.source_id)
    sources.remove(alert_of, by=None, now=EVENING)
    beat(EVENING + LOOK_EVERY)

    assert told() == ["fired", "resolved"]


def test_another_active_time_is_heard_of_at_once(space, receiver):
    alert = fire(space, NIGHT)
    beat(NIGHT)
    strategy = sources.Strategy.objects.get(pk=alert.source_id)

    sources.save_strategy(
        space, {"active_time": None}, by=None, now=NIGHT, strategy=strategy
    )
    beat(NIGHT + SECOND)

    assert told() == ["fired"]


def test_longer_hours_are_said_without_a_second_note(space, receiver):
    alert = fire(space, NIGHT)
    beat(NIGHT)
    sources.Strategy.objects.update(
        active_time=OFFICE
        | {"weekly": [{"days": [1], "start": "10:00", "end": "18:00"}]}
    )

    beat(NIGHT + LOOK_EVERY)

    assert AlertGroup.objects.get().muted_until == MORNING + timedelta(hours=2)
    assert len(notes(alert)) == 1


@pytest.fixture
def holiday(space):
    calendar = make_calendar(space)
    make_item(calendar, start="2026-03-02T00:00", end="2026-03-03T00:00")
    return calendar


def test_on_a_day_off_nobody_is_told(space, receiver, holiday):
    fire(space, MORNING, active_time=OFFICE | {"rest_calendars": [holiday.pk]})

    beat(MORNING, EVENING)
    assert told() == []
    beat(MORNING + timedelta(days=1))

    assert told() == ["fired"]


def test_a_day_off_that_is_called_off_is_heard_of_at_once(space, receiver, holiday):
    fire(space, MORNING, active_time=OFFICE | {"rest_calendars": [holiday.pk]})
    beat(MORNING)
    item = holiday.items.get()

    calendars.remove_occurrence(
        item, occurrence=item.start, scope=calendars.Scope.ALL, now=MORNING
    )
    beat(MORNING + SECOND)

    assert told() == ["fired"]


@pytest.mark.parametrize(
    "change",
    [
        lambda item: calendars.save_item(
            item.calendar, {"start": "2026-03-01T00:00", "end": "2026-03-02T00:00"}, now=MORNING, item=item
        ),
        lambda item: calendars.change_occurrence(
            item, {"end": "2026-03-02T01:00"}, occurrence=item.start, scope=calendars.Scope.ONE, now=MORNING
        ),
    ],
)  # fmt: skip
def test_another_day_off_is_heard_of_at_once(space, receiver, holiday, change):
    fire(space, MORNING, active_time=OFFICE | {"rest_calendars": [holiday.pk]})
    beat(MORNING)

    change(holiday.items.get())
    beat(MORNING + SECOND)

    assert told() == ["fired"]


def test_a_calendar_that_strategies_go_by_stays(space, holiday):
    strategy = make_strategy(space, active_time=OFFICE | {"calendars": [holiday.pk]})

    with pytest.raises(Conflict, match=strategy.name):
        calendars.remove(holiday)

    strategy.delete()
    calendars.remove(holiday)


def test_many_muted_alerts_cost_a_handful_of_statements(
    space, receiver, django_assert_max_num_queries
):
    strategy = make_strategy(space, active_time=OFFICE)
    some = [make_alert(space, source_id=strategy.pk) for _ in range(100)]
    Transition.objects.bulk_create(
        Transition(alert=alert, kind="fired", severity=1, at=NIGHT) for alert in some
    )

    with django_assert_max_num_queries(12):
        route_pending(NIGHT)
    with django_assert_max_num_queries(12):
        look_again(MORNING)

    assert Notification.objects.count() == 100

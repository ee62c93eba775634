from datetime import timedelta

import pytest

from bkmonitor.alerts.models import Note, Transition
from bkmonitor.routing import timeline
from bkmonitor.routing.message import thread_of
from bkmonitor.routing.timeline import timeline_of
from tests.factories import NOON, make_alert, make_notification, make_user

pytestmark = pytest.mark.django_db


def later(minutes):
    return NOON + timedelta(minutes=minutes)


def test_changes_notes_and_messages_make_one_story_in_order():
    alert, ann = make_alert(), make_user(name="Ann")
    alert.transitions.create(kind="resolved", severity=1, at=later(9))
    alert.transitions.create(kind="fired", severity=1, value=93, at=NOON)
    alert.notes.create(kind="comment", by=ann, text="On it.", at=later(3))
    about = {"space": alert.space, "thread": thread_of(alert)}
    make_notification(**about, state="sent", sent_at=later(1), receiver_name="Ops")
    make_notification(
        **about, state="failed", last_error="refused", created_at=later(2)
    )

    story = timeline_of(alert)

    assert [(entry.kind, entry.to or entry.by, entry.text) for entry in story] == [
        ("fired", "", ""),
        ("notification", "Ops", ""),
        ("notification", story[2].to, "refused"),
        ("comment", "Ann", "On it."),
        ("resolved", "", ""),
    ]


def test_of_one_moment_the_change_comes_first():
    alert = make_alert()
    Note.objects.create(alert=alert, kind="nobody_told", at=NOON)
    Transition.objects.create(alert=alert, kind="fired", severity=1, at=NOON)

    assert [entry.kind for entry in timeline_of(alert)] == ["fired", "nobody_told"]


def test_other_alerts_have_stories_of_their_own():
    make_notification(thread="alert:other")

    assert timeline_of(make_alert()) == []


def test_a_story_takes_three_queries(django_assert_num_queries):
    alert = make_alert()
    for minute in range(5):
        alert.notes.create(kind="comment", by=make_user(), at=later(minute))

    with django_assert_num_queries(3):
        timeline_of(alert)


def test_of_very_many_messages_the_newest_are_told(monkeypatch):
    monkeypatch.setattr(timeline, "MOST_MESSAGES", 2)
    alert = make_alert()
    about = {"space": alert.space, "thread": thread_of(alert)}
    for minute in range(3):
        make_notification(**about, created_at=later(minute))

    assert [entry.at for entry in timeline_of(alert)] == [later(1), later(2)]

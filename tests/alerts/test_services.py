from datetime import timedelta

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from bkmonitor.alerts.models import Alert, Note, Transition
from bkmonitor.alerts.services import (
    acknowledge,
    comment,
    record,
    resolve_source,
    unacknowledge,
)
from bkmonitor.evaluation.verdict import Sentence, Source, at_one_moment
from bkmonitor.lib.errors import Conflict
from tests.factories import NOON, make_alert, make_space, make_user

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def source():
    return Source(
        "strategy", 7, "hot", make_space().pk, {"team": "db"}, "{{ labels.host }} hot"
    )


def say(source, at, absent_is_normal=False, changed_at=None, **severities):
    """One verdict per host: 1..3 firing, 0 normal, -1 held."""
    verdicts = at_one_moment(
        source=source,
        at=at,
        labels=tuple({"host": host} for host in severities),
        severity=np.array(list(severities.values()), dtype=np.int8),
        values=np.full(len(severities), 95.0),
        sentences={
            row: Sentence("limit", {"value": 95.0, "operator": ">", "limit": 90.0})
            for row, severity in enumerate(severities.values())
            if severity > 0
        },
        absent_is_normal=absent_is_normal,
        changed_at=changed_at,
    )
    return record([verdicts])


def history():
    return list(Transition.objects.order_by("at", "pk").values_list("kind", "severity"))


def test_a_problem_opens_one_alert_with_the_texts_and_labels_of_its_source(source):
    say(source, NOON, a=1, b=0)

    alert = Alert.objects.get()
    assert alert.labels == {"host": "a", "team": "db"}
    assert (alert.severity, alert.value, alert.summary) == (1, 95.0, "a hot")
    assert alert.sentence == {
        "id": "limit", "params": {"value": 95.0, "operator": ">", "limit": 90.0},
    }  # fmt: skip
    assert history() == [("fired", 1)]


def test_a_label_that_no_database_stores_does_not_stop_the_others(source):
    say(source, NOON, **{"a\0b": 1, "c": 1})

    hosts = [alert.labels["host"] for alert in Alert.objects.order_by("pk")]
    assert hosts == ["a\ufffdb", "c"]


def test_the_same_verdict_again_changes_nothing(source):
    assert say(source, NOON, a=1) == 1
    assert say(source, NOON, a=1) == 0

    assert history() == [("fired", 1)]


def test_a_problem_that_goes_on_is_told_once(source):
    say(source, NOON, a=1)
    say(source, NOON + MINUTE, a=1)

    assert history() == [("fired", 1)]


def test_a_late_verdict_does_not_reopen_what_is_over(source):
    say(source, NOON, a=1)
    say(source, NOON + 2 * MINUTE, a=0)
    say(source, NOON + MINUTE, a=1)

    assert Alert.objects.get().state == "resolved"
    assert history() == [("fired", 1), ("resolved", 1)]


def test_a_late_verdict_neither_ends_nor_alters_what_began_since(source):
    say(source, NOON + 2 * MINUTE, a=2)
    say(source, NOON + MINUTE, a=0)
    say(source, NOON + MINUTE, a=1, b=1)

    assert Alert.objects.get().state == "firing"
    assert history() == [("fired", 2)]


def test_severity_changes_in_place_both_ways(source):
    say(source, NOON, a=2)
    say(source, NOON + MINUTE, a=1)
    say(source, NOON + 2 * MINUTE, a=3)

    assert Alert.objects.get().severity == 3
    assert history() == [("fired", 2), ("worsened", 1), ("eased", 3)]


def test_what_is_held_stays_as_it_is(source):
    say(source, NOON, a=1)
    say(source, NOON + MINUTE, a=-1, b=-1)

    assert Alert.objects.get().state == "firing"
    assert history() == [("fired", 1)]


def test_a_series_that_vanishes_stays_firing_and_says_that_its_data_is_missing(source):
    say(source, NOON, a=1)
    say(source, NOON + MINUTE)
    say(source, NOON + 2 * MINUTE)

    alert = Alert.objects.get()
    assert (alert.state, alert.missing_since) == ("firing", NOON + MINUTE)

    say(source, NOON + 3 * MINUTE, a=1)

    alert.refresh_from_db()
    assert alert.missing_since is None
    assert list(Note.objects.values_list("kind", flat=True)) == [
        "data_missing",
        "data_back",
    ]
    assert history() == [("fired", 1)]


def test_a_series_that_a_filter_drops_is_over(source):
    say(source, NOON, a=1)
    say(source, NOON + MINUTE, absent_is_normal=True)

    alert = Alert.objects.get()
    assert (alert.state, alert.end_reason, alert.open_key) == (
        "resolved",
        "absent",
        None,
    )


def test_a_series_that_the_source_no_longer_looks_at_is_over_and_says_so(source):
    say(source, NOON, a=1, b=1)
    say(source, NOON + MINUTE, changed_at=NOON + MINUTE / 2, b=1)

    gone, stays = Alert.objects.order_by("pk")
    assert (gone.state, gone.end_reason) == ("resolved", "source_changed")
    assert stays.state == "firing"


def test_one_firing_alert_per_series_is_held_by_the_database(source):
    say(source, NOON, a=1)
    twin = Alert.objects.get()
    twin.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        twin.save(force_insert=True)


def test_the_same_series_may_fire_again_later_as_another_alert(source):
    say(source, NOON, a=1)
    say(source, NOON + MINUTE, a=0)
    say(source, NOON + 2 * MINUTE, a=1)

    assert list(Alert.objects.order_by("pk").values_list("state", flat=True)) == [
        "resolved", "firing",
    ]  # fmt: skip


def test_a_source_that_goes_takes_its_alerts_along_and_none_comes_back(source):
    say(source, NOON, a=1)

    resolve_source("strategy", 7, at=NOON + MINUTE, reason="source_removed")
    say(source, NOON + MINUTE / 2, a=1)

    alert = Alert.objects.get()
    assert (alert.state, alert.end_reason) == ("resolved", "source_removed")


def test_a_summary_that_fails_is_sent_as_it_was_written(source):
    broken = Source("strategy", 8, "x", source.space_id, {}, "{{ value / 0 }}")

    say(broken, NOON, a=1)

    assert Alert.objects.get().summary.startswith("{{ value / 0 }} [")


def test_a_thousand_series_cost_a_handful_of_statements(
    source, django_assert_max_num_queries
):
    many = {f"h{n}": 1 for n in range(1000)}

    # SQLite takes about a thousand parameters a statement, hence the dozens.
    with django_assert_max_num_queries(40):
        say(source, NOON, **many)

    assert Alert.objects.count() == 1000


def test_every_problem_of_a_tick_is_an_alert_however_many_there_are(source):
    say(source, NOON, **{f"h{n}": 1 for n in range(5100)})

    assert Alert.objects.count() == Transition.objects.count() == 5100


def test_the_first_to_acknowledge_has_it():
    alert, someone, other = make_alert(), make_user(), make_user()

    acknowledge(alert, by=someone, at=NOON)

    with pytest.raises(Conflict):
        acknowledge(alert, by=other, at=NOON)
    assert alert.acked_by == someone


def test_an_acknowledgement_can_be_given_back():
    alert, someone = make_alert(), make_user()
    acknowledge(alert, by=someone, at=NOON)

    unacknowledge(alert, by=someone, at=NOON)

    assert alert.acked_by is None
    with pytest.raises(Conflict):
        unacknowledge(alert, by=someone, at=NOON)


def test_what_is_over_cannot_be_acknowledged():
    with pytest.raises(Conflict):
        acknowledge(make_alert(state="resolved"), by=make_user(), at=NOON)


def test_a_comment_is_kept_with_who_and_when():
    alert, someone = make_alert(), make_user()

    note = comment(alert, by=someone, at=NOON, text="looking")

    assert (note.by, note.at, note.text) == (someone, NOON, "looking")

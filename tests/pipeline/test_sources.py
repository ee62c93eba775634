from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bkmonitor.alerts.models import Alert
from bkmonitor.pipeline.sources import remove, save_heartbeat, save_probe, save_strategy
from tests.factories import NOON, make_alert, make_heartbeat, make_probe, make_strategy

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=1)
KINDS = [
    pytest.param("strategy", make_strategy, save_strategy, id="strategy"),
    pytest.param("probe", make_probe, save_probe, id="probe"),
    pytest.param("heartbeat", make_heartbeat, save_heartbeat, id="heartbeat"),
]


def alert_of(kind, thing):
    return make_alert(thing.space, source_kind=kind, source_id=thing.pk)


@pytest.mark.parametrize(("kind", "make", "save"), KINDS)
def test_what_is_switched_off_ends_its_alerts_with_the_reason(kind, make, save):
    thing = make()
    alert, other = alert_of(kind, thing), make_alert()

    save(thing.space, {"enabled": False}, by=None, now=LATER, **{kind: thing})

    alert.refresh_from_db()
    assert (alert.state, alert.end_reason) == ("resolved", "source_disabled")
    assert Alert.objects.firing().get() == other


@pytest.mark.parametrize(("kind", "make", "save"), KINDS)
def test_what_is_removed_ends_its_alerts_with_the_reason(kind, make, save):
    thing = make()
    alert = alert_of(kind, thing)

    remove(thing, by=None, now=LATER)

    alert.refresh_from_db()
    assert (alert.state, alert.end_reason) == ("resolved", "source_removed")
    assert not type(thing).objects.filter(name=thing.name).exists()


@pytest.mark.parametrize(("kind", "make", "save"), KINDS)
def test_what_is_changed_and_stays_on_keeps_its_alerts(kind, make, save):
    thing = make()
    alert_of(kind, thing)

    save(thing.space, {"name": "another"}, by=None, now=LATER, **{kind: thing})

    assert Alert.objects.firing().count() == 1


def test_a_save_and_an_evaluation_take_their_locks_in_one_order():
    # In two orders, PostgreSQL would end one of them by an error.
    strategy = make_strategy()
    save_strategy(
        strategy.space, {"enabled": False}, by=None, now=NOON, strategy=strategy
    )

    with CaptureQueriesContext(connection) as queries:
        save_strategy(
            strategy.space, {"name": "another"}, by=None, now=LATER, strategy=strategy
        )

    tables = [sql for query in queries if (sql := query["sql"]).startswith("SELECT")]
    assert "alerts_watermark" in tables[0]

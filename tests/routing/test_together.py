"""Several workers at the same rows: only PostgreSQL lets them."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from bkmonitor.alerts.models import Transition
from bkmonitor.alerts.services import resolve_source
from bkmonitor.notifications.models import Notification
from bkmonitor.routing.services import look_again, route_pending
from tests.factories import make_alert, make_receiver, make_space, make_strategy
from tests.routing.test_muted import MORNING, NIGHT, OFFICE

MANY = 40
# SQLite has one writer at a time.
pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def fire(at):
    """Return alerts of as many strategies, all with office hours."""
    space = make_space()
    make_receiver(space)
    found = []
    for _ in range(MANY):
        strategy = make_strategy(space, active_time=OFFICE)
        found.append(make_alert(space, source_id=strategy.pk, started_at=at))
        Transition.objects.create(alert=found[-1], kind="fired", severity=1, at=at)
    return found


def together(*jobs):
    """Run each job in a thread with a connection of its own."""

    def run(job):
        try:
            job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        for done in [pool.submit(run, job) for job in jobs]:
            done.result()


def end_all(found, at):
    for alert in found:
        resolve_source("strategy", alert.source_id, at=at, reason="source_changed")


def told_by_alert():
    told = defaultdict(list)
    for thread, reason in Notification.objects.order_by("pk").values_list(
        "thread", "reason"
    ):
        told[thread].append(reason)
    return dict(told)


def keep(work, now, times):
    return lambda: [work(now, limit=1) for _ in range(times)]


def test_what_ends_as_its_hours_begin_is_told_whole_or_not_at_all():
    found = fire(NIGHT)
    route_pending(NIGHT)

    together(
        keep(look_again, MORNING, MANY),
        keep(look_again, MORNING, MANY),
        keep(route_pending, MORNING, MANY),
        keep(route_pending, MORNING, MANY),
        lambda: end_all(found[::2], MORNING),
        lambda: end_all(found[::-2], MORNING),
    )
    while route_pending(MORNING) + look_again(MORNING):
        pass
    route_pending(MORNING + timedelta(hours=9))

    assert all(each == ["fired", "resolved"] for each in told_by_alert().values())
    notes = {alert.pk: {*alert.notes.values_list("text", flat=True)} for alert in found}
    untold = [pk for pk in notes if f"alert:{pk}" not in told_by_alert()]
    assert all("ended_muted" in notes[pk] for pk in untold)


def test_beginnings_and_ends_that_are_routed_at_once_are_told_in_order():
    found = fire(MORNING)

    together(
        keep(route_pending, MORNING, 2 * MANY),
        keep(route_pending, MORNING, 2 * MANY),
        keep(route_pending, MORNING, 2 * MANY),
        lambda: end_all(found, MORNING),
    )
    while route_pending(MORNING):
        pass

    assert told_by_alert() == {
        f"alert:{alert.pk}": ["fired", "resolved"] for alert in found
    }

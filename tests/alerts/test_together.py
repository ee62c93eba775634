"""Two evaluations of one source at once: only PostgreSQL lets them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import numpy as np
import pytest
from django.db import connections, transaction

from bkmonitor.alerts.models import Transition
from bkmonitor.alerts.services import record
from bkmonitor.evaluation.verdict import Source, at_one_moment
from tests.factories import NOON, make_space

# SQLite has one writer at a time.
pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
# Whoever does not wait is done long before.
A_WHILE_S = 1.0


def verdicts(source, at, severity):
    values, severities = np.array([95.0]), np.array([severity], dtype=np.int8)
    labels = [{"host": "a"}]
    return at_one_moment(
        source, at, labels, severities, values, {}, absent_is_normal=False
    )


def test_whoever_judges_a_source_has_it_until_it_is_written_however_long_that_takes():
    source, begun = Source("strategy", 7, "hot", make_space().pk), Event()
    # Judged before, so that there is a row that could be read without its lock.
    record([verdicts(source, NOON - timedelta(minutes=1), 0)])

    def late():
        begun.set()
        try:
            return record([verdicts(source, NOON, 1)])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first = record([verdicts(source, NOON, 1)])
            other = pool.submit(late)
            begun.wait(timeout=30)
            Event().wait(A_WHILE_S)
            waited = not other.done()
        second = other.result(timeout=30)

    assert (first, waited, second) == (1, True, 0)
    assert Transition.objects.get().kind == "fired"

import time

import psycopg2
import pytest
from django.db import OperationalError, connection

from bkmonitor.notifications import insisting
from bkmonitor.notifications.insisting import insist
from bkmonitor.notifications.models import Notification
from bkmonitor.notifications.services import deliver
from tests.factories import NOON, make_notification
from tests.fakes import FakeChannel

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(insisting, "PAUSE_S", 0.0)


def failing(times):
    """Return something to note that fails so often, and a list of its calls."""
    calls = []

    def note():
        calls.append(len(calls))
        if len(calls) <= times:
            raise OperationalError("gone")
        return "noted"

    return note, calls


def test_it_is_noted_when_the_database_is_back():
    note, calls = failing(3)

    assert insist(note, until=time.monotonic() + 60) == "noted"
    assert len(calls) == 4


def test_after_the_lease_the_error_is_raised():
    note, calls = failing(3)

    with pytest.raises(OperationalError, match="gone"):
        insist(note, until=time.monotonic() - 1)
    assert len(calls) == 1


class CuttingChannel(FakeChannel):
    """Takes the message, and ends every connection to the database meanwhile."""

    def send(self, receiver, message, envelope):
        there = connection.settings_dict
        apart = psycopg2.connect(
            host=there["HOST"],
            port=there["PORT"],
            user=there["USER"],
            password=there["PASSWORD"],
            dbname=there["NAME"],
        )
        with apart, apart.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        apart.close()
        return super().send(receiver, message, envelope)


@pytest.mark.postgresql
@pytest.mark.enable_socket
@pytest.mark.django_db(transaction=True)
def test_a_message_that_went_out_while_the_database_went_away_goes_out_once():
    notification = make_notification()
    channel = CuttingChannel()

    deliver(notification.pk, channels={"webhook": channel}, now=NOON)

    assert Notification.objects.get().state == Notification.State.SENT
    assert len(channel.sent) == 1

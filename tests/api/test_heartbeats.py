import pytest

from bkmonitor.alerts.models import Alert
from bkmonitor.probes.models import Ping
from tests.api.conftest import as_token, as_user
from tests.factories import NOON, make_alert, make_heartbeat, make_member

pytestmark = pytest.mark.django_db


def test_a_heartbeat_is_made_with_the_address_for_its_pings(api):
    made = api.post(
        "/api/v1/heartbeats/", {"space": api.space.slug, "name": "Backup"}
    ).json()

    assert made["ping_url"].startswith("/ping/")
    assert made["state"] == "new"


@pytest.mark.parametrize("role", ["viewer", "responder"])
def test_who_may_not_change_it_may_not_ping_for_it(role):
    api = as_user(role)
    heartbeat = make_heartbeat(api.space)

    answer = api.get(f"/api/v1/heartbeats/{heartbeat.pk}/")

    assert answer.json()["ping_url"] is None
    assert str(heartbeat.uuid) not in answer.content.decode()


def test_in_a_list_the_address_is_told_only_where_one_edits(api):
    elsewhere = make_member(user=api.user, role="viewer").space
    make_heartbeat(api.space, name="A")
    make_heartbeat(elsewhere, name="B")

    listed = api.get("/api/v1/heartbeats/").json()["results"]

    assert [bool(row["ping_url"]) for row in listed] == [True, False]


@pytest.mark.parametrize(("scope", "told"), [("read", False), ("write", True)])
def test_a_token_needs_to_write_to_be_told_the_address(scope, told):
    program = as_token(scope)
    heartbeat = make_heartbeat(program.space)

    shown = program.get(f"/api/v1/heartbeats/{heartbeat.pk}/").json()

    assert bool(shown["ping_url"]) is told


def test_the_newest_pings_are_listed(api):
    heartbeat = make_heartbeat(api.space)
    Ping.objects.create(heartbeat=heartbeat, at=NOON, kind="success", method="GET")

    pings = api.get(f"/api/v1/heartbeats/{heartbeat.pk}/pings/").json()

    assert [ping["kind"] for ping in pings] == ["success"]


def test_disabling_and_removing_end_its_alerts(api):
    off, gone = make_heartbeat(api.space), make_heartbeat(api.space)
    for beat in (off, gone):
        make_alert(api.space, source_kind="heartbeat", source_id=beat.pk)

    api.post(f"/api/v1/heartbeats/{off.pk}/disable/")
    api.delete(f"/api/v1/heartbeats/{gone.pk}/")

    reasons = {alert.source_id: alert.end_reason for alert in Alert.objects.all()}
    assert reasons == {off.pk: "source_disabled", gone.pk: "source_removed"}


def test_a_grace_that_makes_no_sense_is_refused(api):
    heartbeat = make_heartbeat(api.space)

    answer = api.patch(f"/api/v1/heartbeats/{heartbeat.pk}/", {"grace_s": 0})

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["grace_s"])

from datetime import timedelta

import pytest

from bkmonitor.alerts.models import Note, Transition
from bkmonitor.routing.models import AlertGroup
from tests.api.conftest import as_token
from tests.factories import NOON, make_alert

pytestmark = pytest.mark.django_db


def ids(api, query=""):
    return [row["id"] for row in api.get(f"/api/v1/alerts/{query}").json()["results"]]


@pytest.fixture
def alerts(api):
    """Three alerts, the newest first in a list."""
    return {
        name: make_alert(api.space, started_at=NOON + timedelta(minutes=minute), **kept)
        for minute, (name, kept) in enumerate(
            {
                "old": {"state": "resolved", "severity": 3, "summary": "disk full"},
                "disk": {"severity": 2, "labels": {"instance": "db-1", "d.k": "é"}},
                "web": {
                    "severity": 1,
                    "labels": {"instance": "web-1", "job": "shop"},
                    "source_kind": "probe",
                    "source_id": 7,
                    "source_name": "Shop front",
                    "acked_at": NOON,
                },
            }.items()
        )
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["web", "disk", "old"]),
        ("?state=firing", ["web", "disk"]),
        ("?state=firing,resolved", ["web", "disk", "old"]),
        ("?severity=critical,info", ["web", "old"]),
        ("?acknowledged=true", ["web"]),
        ("?acknowledged=false", ["disk", "old"]),
        ("?source=probe", ["web"]),
        ("?source=probe:7", ["web"]),
        ("?source=probe:8", []),
        ("?label=instance=db-1", ["disk"]),
        ("?label=instance=web-1&label=job=shop", ["web"]),
        ("?label=instance=web-1&label=job=other", []),
        ("?label=absent=x", []),
        ("?search=shop", ["web"]),
        ("?search=front+shop", ["web"]),
        ("?search=db-1", ["disk"]),
        ("?search=full", ["old"]),
        ("?search=nothing", []),
    ],
)
def test_alerts_are_found_by(api, alerts, query, found):
    assert ids(api, query) == [alerts[name].pk for name in found]


def test_pages_hold_every_alert_once(api):
    made = [make_alert(api.space).pk for _ in range(5)]
    seen, url = [], "/api/v1/alerts/?page_size=2"

    while url:
        page = api.get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]

    assert sorted(seen) == sorted(made)


def test_a_program_may_acknowledge_in_its_own_name():
    program = as_token("write")
    alert = make_alert(program.space)

    body = program.post(f"/api/v1/alerts/{alert.pk}/acknowledge/").json()

    assert body["acked_at"]
    assert body["acked_by"] is None


def test_the_second_to_acknowledge_is_told_so(api):
    alert = make_alert(api.space)

    first = api.post(f"/api/v1/alerts/{alert.pk}/acknowledge/")
    second = api.post(f"/api/v1/alerts/{alert.pk}/acknowledge/")

    assert first.json()["acked_by"] == str(api.user)
    assert (second.status_code, second.json()["code"]) == (409, "conflict")


def test_what_was_taken_can_be_given_back(api):
    alert = make_alert(api.space)
    api.post(f"/api/v1/alerts/{alert.pk}/acknowledge/")

    response = api.post(f"/api/v1/alerts/{alert.pk}/unacknowledge/")

    assert response.json()["acked_at"] is None


def test_the_timeline_tells_what_changed_and_who_said_what(api):
    alert = make_alert(api.space)
    Transition.objects.create(alert=alert, kind="fired", severity=1, value=93, at=NOON)
    Note.objects.create(alert=alert, kind="data_missing", at=NOON)

    said = api.post(f"/api/v1/alerts/{alert.pk}/comment/", {"text": "On it."})

    entries = api.get(f"/api/v1/alerts/{alert.pk}/timeline/").json()
    assert [entry["kind"] for entry in entries] == ["fired", "data_missing", "comment"]
    assert entries[0]["value"] == 93
    assert entries[2] == said.json()
    assert (said.json()["by"], said.json()["text"]) == (str(api.user), "On it.")


def test_an_empty_comment_is_refused(api):
    alert = make_alert(api.space)

    response = api.post(f"/api/v1/alerts/{alert.pk}/comment/", {"text": " "})

    assert (response.status_code, list(response.json()["fields"])) == (400, ["text"])


def test_alerts_are_not_written_by_fields(api):
    alert = make_alert(api.space)

    assert api.patch(f"/api/v1/alerts/{alert.pk}/", {}).status_code == 405
    assert api.delete(f"/api/v1/alerts/{alert.pk}/").status_code == 405


def test_a_muted_alert_says_until_when(api):
    alert, over = make_alert(api.space), make_alert(api.space, state="resolved")
    for row in (alert, over):
        AlertGroup.objects.create(space=api.space, alert=row, muted_until=NOON)

    listed = api.get("/api/v1/alerts/").json()["results"]

    assert {row["id"]: row["muted_until"] for row in listed} == {
        alert.pk: "2026-03-02T12:00:00Z",
        over.pk: None,
    }

import pytest

from bkmonitor.alerts.models import Alert
from bkmonitor.probes.models import Probe
from tests.api.conftest import as_user
from tests.factories import NOON, make_alert, make_probe

pytestmark = pytest.mark.django_db
SECRETS = {"headers": {"Authorization": "Basic c2VjcmV0"}, "body": "pin=1234"}


def test_a_probe_is_made_and_due_at_once(api):
    body = {"name": "Shop", "kind": "http", "target": "http://127.0.0.1:9/"}

    made = api.post("/api/v1/probes/", body | {"space": api.space.slug}).json()

    assert (made["state"], made["interval_s"]) == ("new", 60)
    assert Probe.objects.get().next_run_at <= Probe.objects.get().created_at


def test_headers_and_bodies_are_written_and_never_read(api):
    probe = make_probe(api.space, settings=SECRETS | {"method": "POST"})

    for path in ("/api/v1/probes/", f"/api/v1/probes/{probe.pk}/"):
        answer = api.get(path)
        assert b"c2VjcmV0" not in answer.content
        assert b"1234" not in answer.content
    assert answer.json()["settings"] == {
        "headers": {"Authorization": None},
        "body": None,
        "method": "POST",
    }


def test_what_was_read_can_be_sent_back_and_changes_nothing(api):
    probe = make_probe(api.space, settings=SECRETS | {"method": "POST"})
    path = f"/api/v1/probes/{probe.pk}/"

    api.patch(path, {"settings": api.get(path).json()["settings"]})

    probe.refresh_from_db()
    assert probe.settings == SECRETS | {"method": "POST"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"target": "no url"}, "target"),
        ({"interval_s": 5}, "interval_s"),
        ({"settings": {"method": "DANCE"}}, "method"),
        ({"settings": {"headers": "x"}}, "headers"),
        ({"kind": "smoke"}, "kind"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(api, change, field):
    probe = make_probe(api.space)

    answer = api.patch(f"/api/v1/probes/{probe.pk}/", change)

    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])


def test_the_newest_looks_are_shown_with_one_probe(api):
    looks = [[NOON.timestamp(), 1, 0.012, ""], [NOON.timestamp() + 60, 0, 5, "refused"]]
    probe = make_probe(api.space, results=looks)

    shown = api.get(f"/api/v1/probes/{probe.pk}/").json()["looks"]

    assert [look["up"] for look in shown] == [True, False]
    assert shown[1]["text"] == "refused"
    assert shown[0]["at"] == "2026-03-02T12:00:00Z"


def test_disabling_ends_its_alerts(api):
    probe = make_probe(api.space)
    make_alert(api.space, source_kind="probe", source_id=probe.pk)

    api.post(f"/api/v1/probes/{probe.pk}/disable/")

    assert Alert.objects.get().end_reason == "source_disabled"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?search=shop", ["Front"]),
        ("?kind=tcp", ["Port"]),
        ("?state=down", ["Port"]),
        ("?enabled=true", ["Front"]),
    ],
)
def test_probes_are_found_by(query, names):
    api = as_user("viewer")
    make_probe(api.space, name="Front", target="http://shop.example.org/")
    make_probe(api.space, name="Port", kind="tcp", state="down", enabled=False)

    listed = api.get(f"/api/v1/probes/{query}").json()["results"]

    assert [row["name"] for row in listed] == names

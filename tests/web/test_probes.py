from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from bkmonitor.lib.frame import Frame
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.metrics.tsdb.port import Result
from bkmonitor.probes.models import Probe
from tests.factories import make_alert, make_probe
from tests.fakes import FakeTsdb
from tests.web.clients import text

pytestmark = pytest.mark.django_db
LOOKS = [[1772452800 + 60 * n, 1, 0.1, ""] for n in range(9)]
DOWN = [*LOOKS, [1772453400, 0, 0.2, "connection refused"]]
TYPED = {
    "name": "Shop",
    "target": "https://shop.example.org/",
    "interval_s_0": "30",
    "interval_s_1": "1",
    "timeout_s": "5",
    "severity": "2",
    "trigger_count": "1",
    "trigger_window": "1",
    "recovery_window": "1",
    "labels": "team=shop",
    "enabled": "on",
    "method": "GET",
    "expected_status": "",
    "max_redirects": "5",
    "follow_redirects": "on",
    "verify_tls": "on",
}


def url_of(probe, page=""):
    return f"/s/{probe.space.slug}/probes/{probe.pk}/{page}"


def make_firing(probe):
    return make_alert(
        probe.space,
        source_kind="probe",
        source_id=probe.pk,
        open_key=f"probe:{probe.pk}",
    )


def test_the_list_shows_bars_and_what_is_wrong(admin_client):
    space = admin_client.space
    make_firing(make_probe(space, state="down", results=DOWN, severity=2))
    make_probe(name="elsewhere")

    page = text(admin_client.get(f"/s/{space.slug}/probes/"))

    assert 'aria-label="Last 10 looks: 9 up, 1 down"' in page
    assert '<path class="down sev-2"' in page
    assert "connection refused" in page
    assert "90 %" in page
    assert "1 firing" in page
    assert "elsewhere" not in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["bad", "fine", "new", "off"]),
        ("state=up", ["fine"]),
        ("state=down", ["bad"]),
        ("state=new", ["new"]),
        ("state=disabled", ["off"]),
        ("q=team=shop", ["fine"]),
        ("q=db-1", ["bad"]),
    ],
)
def test_the_list_is_narrowed_by_state_target_and_label(admin_client, query, names):
    space = admin_client.space
    make_probe(space, name="fine", state="up", labels={"team": "shop"})
    make_probe(space, name="bad", state="down", target="http://db-1/")
    make_probe(space, name="new")
    make_probe(space, name="off", state="up", enabled=False)

    answer = admin_client.get(f"/s/{space.slug}/probes/?{query}")

    assert [row.name for row in answer.context["page"].rows] == names


def test_the_list_costs_the_same_for_few_or_many(
    admin_client, django_assert_max_num_queries
):
    space = admin_client.space
    for _ in range(60):
        make_firing(make_probe(space, results=LOOKS, labels={"a": "b"}))

    with django_assert_max_num_queries(10):
        page = text(admin_client.get(f"/s/{space.slug}/probes/"))

    assert page.count("data-row") == 50
    assert page.count('<svg class="bars"') == 50


def test_an_empty_list_says_what_to_do(admin_client):
    page = text(admin_client.get(f"/s/{admin_client.space.slug}/probes/"))

    assert "Nothing is looked at yet" in page
    assert "/probes/new/" in page


def test_the_page_shows_looks_certificate_and_alerts(admin_client):
    probe = make_probe(
        admin_client.space,
        state="down",
        results=DOWN,
        last_run_at=timezone.now(),
        certificate_expires_at=timezone.now() + timedelta(days=12, hours=1),
        settings={"keyword": "ok", "headers": {"Authorization": "s3cr3t"}},
    )
    alert = make_firing(probe)

    page = text(admin_client.get(url_of(probe)))

    assert "12 days" in page
    assert "connection refused" in page
    assert f"/alerts/{alert.pk}/" in page
    assert "Authorization" in page
    assert "s3cr3t" not in page


def test_a_look_that_says_nothing_says_whose_fault_it_is(admin_client):
    unjudged = [1772453400, None, 0.2, "our resolver could not say"]
    probe = make_probe(admin_client.space, state="unknown", results=[unjudged])

    page = text(admin_client.get(url_of(probe)))

    assert "says nothing of the target" in page
    assert "our resolver could not say" in page


def test_without_a_store_the_chart_is_of_the_newest_looks(admin_client, settings):
    settings.VM_WRITE_URL = settings.VM_QUERY_URL = ""
    probe = make_probe(admin_client.space, results=DOWN)

    answer = admin_client.get(url_of(probe, "chart/")).json()

    assert answer["outcome"] == "complete"
    assert answer["columns"][1][-2:] == [0.1, None]
    assert "newest looks alone" in text(admin_client.get(url_of(probe)))


def test_the_chart_asks_for_the_probes_own_series(admin_client):
    frame = Frame(np.array([0]), np.array([[0.5]]), ({"phase": "tls"},))
    store = FakeTsdb(result=Result("complete", frame))
    probe = make_probe(admin_client.space, name='a "b" \\ c', interval_s=600)

    with replaced_by(store):
        answer = admin_client.get(url_of(probe, "chart/?of=phases&span=1h")).json()

    (_space, _path, [(_query, promql)]) = store.asked[0]
    assert answer["series"] == ["tls"]
    assert promql == (
        "avg by (phase) (avg_over_time(probe_phase_seconds"
        '{job="probe",probe="a \\"b\\" \\\\ c"}[1200s]))'
    )


def test_there_is_no_chart_of_something_else(admin_client):
    probe = make_probe(admin_client.space)

    assert admin_client.get(url_of(probe, "chart/?of=nonsense")).status_code == 404


def test_the_share_of_time_up_is_told_by_span(admin_client):
    frame = Frame(
        np.array([0]), np.array([[1.0], [0.999]]), ({"span": "1d"}, {"span": "7d"})
    )

    with replaced_by(FakeTsdb(result=Result("complete", frame))):
        page = text(admin_client.get(url_of(make_probe(admin_client.space), "uptime/")))

    assert "100 %" in page
    assert "99.9 %" in page
    assert "–" in page


def test_an_http_probe_is_made_with_what_differs_from_the_defaults(admin_client):
    space = admin_client.space

    answer = admin_client.post(
        f"/s/{space.slug}/probes/new/",
        TYPED
        | {"keyword": "ok", "headers": "Authorization: Bearer x", "method": "POST"},
    )

    made = Probe.objects.get(space=space)
    assert answer.headers["Location"] == url_of(made)
    assert (made.kind, made.interval_s, made.severity) == ("http", 30, 2)
    assert made.settings == {
        "method": "POST",
        "keyword": "ok",
        "headers": {"Authorization": "Bearer x"},
    }


@pytest.mark.parametrize(
    ("kind", "target"), [("tcp", "db-1:5432"), ("icmp", "gateway")]
)
def test_other_kinds_have_no_settings(admin_client, kind, target):
    space = admin_client.space

    admin_client.post(
        f"/s/{space.slug}/probes/new/?kind={kind}", TYPED | {"target": target}
    )

    made = Probe.objects.get(space=space)
    assert (made.kind, made.target, made.settings) == (kind, target, {})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"target": "shop"}, "id_target_error"),
        ({"expected_status": "much"}, "id_expected_status_error"),
        ({"timeout_s": "31"}, "id_timeout_s_error"),
        ({"trigger_count": "2"}, "id_trigger_count_error"),
        ({"body": "x"}, "id_body_error"),
        ({"interval_s_0": "5"}, "greater than or equal to 10"),
        ({"name": "taken"}, "id_name_error"),
    ],
)
def test_what_the_room_refuses_stands_beside_its_field(admin_client, change, field):
    space = admin_client.space
    make_probe(space, name="taken")

    answer = admin_client.post(f"/s/{space.slug}/probes/new/", TYPED | change)

    assert answer.status_code == 200
    assert field in text(answer)
    assert Probe.objects.filter(space=space).count() == 1


def test_headers_stay_without_being_shown_and_go_when_asked(admin_client):
    kept = {"headers": {"X-Key": "s3cr3t"}, "follow_redirects": False}
    probe = make_probe(admin_client.space, target=TYPED["target"], settings=kept)

    page = text(admin_client.get(url_of(probe, "edit/")))
    admin_client.post(url_of(probe, "edit/"), TYPED)
    probe.refresh_from_db()
    before = dict(probe.settings)
    admin_client.post(url_of(probe, "edit/"), TYPED | {"forget": "on"})

    probe.refresh_from_db()
    assert "X-Key" in page
    assert "s3cr3t" not in page
    assert before == {"headers": {"X-Key": "s3cr3t"}}
    assert probe.settings == {}


def test_headers_do_not_go_to_another_server_unseen(admin_client):
    probe = make_probe(admin_client.space, settings={"headers": {"X-Key": "s3cr3t"}})

    answer = admin_client.post(url_of(probe, "edit/"), TYPED)

    assert "given for another server" in text(answer)
    assert "id_headers_error" in text(answer)


def test_look_now_switch_and_delete(admin_client):
    probe = make_probe(
        admin_client.space, next_run_at=timezone.now() + timedelta(hours=1)
    )
    alert = make_firing(probe)

    admin_client.post(url_of(probe, "run/"))
    probe.refresh_from_db()
    soon = probe.next_run_at
    admin_client.post(url_of(probe, "switch/"))
    probe.refresh_from_db()
    alert.refresh_from_db()
    admin_client.post(url_of(probe, "remove/"))

    assert soon <= timezone.now()
    assert (probe.enabled, alert.end_reason) == (False, "source_disabled")
    assert not Probe.objects.exists()


def test_there_is_no_form_for_an_unknown_kind(admin_client):
    url = f"/s/{admin_client.space.slug}/probes/new/?kind=pigeon"

    assert admin_client.get(url).status_code == 404

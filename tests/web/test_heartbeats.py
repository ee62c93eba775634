from datetime import timedelta

import pytest
from django.utils import timezone

from bkmonitor.probes.models import Heartbeat, Ping
from bkmonitor.web.pings import BARS, newest_pings
from tests.factories import NOON, make_alert, make_heartbeat
from tests.web.clients import text

pytestmark = pytest.mark.django_db
TYPED = {
    "name": "Backup",
    "period_s_0": "1",
    "period_s_1": "86400",
    "grace_s_0": "30",
    "grace_s_1": "60",
    "severity": "1",
    "labels": "",
    "enabled": "on",
}


def url_of(beat, page=""):
    return f"/s/{beat.space.slug}/heartbeats/{beat.pk}/{page}"


def make_ping(beat, minutes=0, kind="success", **fields):
    return Ping.objects.create(
        heartbeat=beat,
        at=NOON + timedelta(minutes=minutes),
        kind=kind,
        method="GET",
        **fields,
    )


def make_firing(beat):
    return make_alert(
        beat.space,
        source_kind="heartbeat",
        source_id=beat.pk,
        open_key=f"heartbeat:{beat.pk}",
    )


def test_bars_are_the_newest_ends_of_runs_oldest_first():
    beat, other = make_heartbeat(), make_heartbeat()
    for minute in range(BARS + 5):
        make_ping(beat, minute)
    make_ping(beat, 100, "fail", exit_status=3, duration_s=1.5)
    make_ping(beat, 101, "start")
    make_ping(beat, 102, "log")

    found = newest_pings([beat.pk, other.pk])

    assert set(found) == {beat.pk}
    assert len(found[beat.pk]) == BARS
    assert found[beat.pk][0] == [int(NOON.timestamp()) + 60 * 6, 1, None, ""]
    assert found[beat.pk][-1] == [int(NOON.timestamp()) + 6000, 0, 1.5, "exit 3"]


def make_some_of_each_state(space):
    now = timezone.now()
    later, ago = now + timedelta(hours=1), now - timedelta(minutes=1)
    make_heartbeat(space, name="fine", last_ping_at=ago, deadline_at=later)
    make_heartbeat(space, name="late", last_ping_at=ago, deadline_at=ago)
    make_heartbeat(space, name="broken", last_ping_at=ago, last_failed=True, last_exit_status=7)  # fmt: skip
    make_heartbeat(space, name="new")
    make_heartbeat(space, name="off", enabled=False, last_ping_at=ago)


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("all", ["broken", "fine", "late", "new", "off"]),
        ("up", ["fine"]),
        ("down", ["broken", "late"]),
        ("new", ["new"]),
        ("disabled", ["off"]),
    ],
)
def test_the_list_is_narrowed_by_state(admin_client, state, names):
    make_some_of_each_state(admin_client.space)

    answer = admin_client.get(f"/s/{admin_client.space.slug}/heartbeats/?state={state}")

    assert [row.name for row in answer.context["page"].rows] == names


def test_the_list_says_how_each_stands(admin_client):
    make_some_of_each_state(admin_client.space)
    make_heartbeat(name="elsewhere")

    page = text(admin_client.get(f"/s/{admin_client.space.slug}/heartbeats/"))

    for word in ("On time", "Late", "Failed", "Waiting", "Off", "exit status 7"):
        assert word in page
    assert "elsewhere" not in page


def test_the_list_costs_the_same_for_few_or_many(
    admin_client, django_assert_max_num_queries
):
    for _ in range(60):
        beat = make_heartbeat(admin_client.space)
        make_ping(beat)
        make_firing(beat)

    with django_assert_max_num_queries(11):
        page = text(admin_client.get(f"/s/{admin_client.space.slug}/heartbeats/"))

    assert page.count("data-row") == 50


def test_an_empty_list_says_what_to_do(admin_client):
    page = text(admin_client.get(f"/s/{admin_client.space.slug}/heartbeats/"))

    assert "No job sends a sign of life yet" in page


def test_what_is_copied_has_the_real_address(admin_client, settings):
    settings.PUBLIC_URL = ""
    beat = make_heartbeat(admin_client.space)

    page = text(admin_client.get(url_of(beat)))

    url = f"http://testserver/ping/{beat.uuid}"
    assert f"curl -fsS -m 10 --retry 5 -o /dev/null {url}" in page
    assert f"/usr/local/bin/backup &amp;&amp; curl -fsS -m 10 --retry 5 -o /dev/null {url}" in page  # fmt: skip
    assert f"trap &#x27;curl -fsS -m 10 --retry 5 -o /dev/null {url}/$?&#x27; EXIT" in page  # fmt: skip
    assert f"{url}/${{EXIT_STATUS}}" in page
    assert f"urlopen(&quot;{url}&quot;" in page
    assert f"Invoke-RestMethod -Uri &quot;{url}&quot;" in page


def test_the_page_shows_the_log_of_pings(admin_client):
    beat = make_heartbeat(admin_client.space)
    make_ping(beat, kind="fail", exit_status=3, body="<b>disk is full</b>")
    alert = make_firing(beat)

    page = text(admin_client.get(url_of(beat)))

    assert "exit status 3" in page
    assert "&lt;b&gt;disk is full&lt;/b&gt;" in page
    assert f"/alerts/{alert.pk}/" in page


def test_a_heartbeat_is_made_and_changed(admin_client):
    space = admin_client.space

    admin_client.post(f"/s/{space.slug}/heartbeats/new/", TYPED)
    beat = Heartbeat.objects.get(space=space)
    made = (beat.period_s, beat.grace_s)
    admin_client.post(url_of(beat, "edit/"), TYPED | {"period_s_0": "2"})

    beat.refresh_from_db()
    assert made == (86400, 1800)
    assert beat.period_s == 172800


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"period_s_0": "5", "period_s_1": "1"}, "greater than or equal to 10"),
        ({"name": "taken"}, "id_name_error"),
        ({"labels": "1=2"}, "id_labels_error"),
    ],
)
def test_what_the_room_refuses_stands_beside_its_field(admin_client, change, said):
    space = admin_client.space
    make_heartbeat(space, name="taken")

    answer = admin_client.post(f"/s/{space.slug}/heartbeats/new/", TYPED | change)

    assert said in text(answer)
    assert Heartbeat.objects.count() == 1


def test_switching_off_and_deleting_end_the_alert(admin_client):
    beat = make_heartbeat(admin_client.space)
    alert = make_firing(beat)

    admin_client.post(url_of(beat, "switch/"))
    alert.refresh_from_db()
    admin_client.post(url_of(beat, "remove/"))

    assert alert.end_reason == "source_disabled"
    assert not Heartbeat.objects.exists()

from datetime import timedelta

import pytest
from django.test import Client

from bkmonitor.alerts.models import Note, Transition
from bkmonitor.notifications.models import Attempt, Notification
from bkmonitor.routing.models import AlertGroup
from tests.factories import (
    NOON,
    make_alert,
    make_member,
    make_probe,
    make_receiver,
    make_strategy,
)

pytestmark = pytest.mark.django_db


def client_of(role, space=None):
    member = make_member(space, role=role)
    client = Client()
    client.force_login(member.user)
    return client, member.space


def make_notification(alert, receiver, **fields):
    defaults = {
        "receiver": receiver,
        "receiver_name": receiver.name,
        "channel": receiver.channel,
        "key": f"{alert.pk}-{receiver.pk}",
        "thread": f"alert:{alert.pk}",
        "reason": "fired",
        "message": {},
        "state": "sent",
        "created_at": NOON,
    }
    return Notification.objects.create(space=alert.space, **defaults | fields)


def text(answer):
    return " ".join(answer.content.decode().split())


def test_the_list_shows_what_fires_worst_first(admin_client):
    space = admin_client.space
    make_alert(space, severity=3, source_name="mild")
    make_alert(space, severity=1, source_name="bad", started_at=NOON)
    make_alert(source_name="elsewhere")

    page = text(admin_client.get(f"/s/{space.slug}/alerts/"))

    assert page.index("bad") < page.index("mild")
    assert "elsewhere" not in page


def test_htmx_gets_the_table_alone(admin_client):
    url = f"/s/{admin_client.space.slug}/alerts/"

    part = text(admin_client.get(url, headers={"HX-Request-Type": "partial"}))

    assert part.startswith('<div id="alerts"')
    assert "<nav" in part
    assert "<html" not in part
    assert part in text(admin_client.get(url)).replace("> <", "> <")


def test_the_list_costs_the_same_for_one_alert_or_many(
    admin_client, django_assert_max_num_queries
):
    space = admin_client.space
    receiver = make_receiver(space)
    for _ in range(20):
        make_notification(
            make_alert(space, acked_at=NOON, acked_by=admin_client.user), receiver
        )

    with django_assert_max_num_queries(10):
        admin_client.get(f"/s/{space.slug}/alerts/")


def test_the_list_goes_on_where_the_page_ended(admin_client):
    space = admin_client.space
    for number in range(60):
        make_alert(
            space, source_name=f"n{number}", started_at=NOON + timedelta(minutes=number)
        )

    first = admin_client.get(f"/s/{space.slug}/alerts/?severity=1")
    cursor = first.context["page"].next
    second = admin_client.get(
        f"/s/{space.slug}/alerts/", {"severity": 1, "cursor": cursor}
    )

    assert len(first.context["alerts"]) == 50
    assert [alert.source_name for alert, _ in second.context["alerts"]] == [
        f"n{number}" for number in reversed(range(10))
    ]


@pytest.mark.parametrize("part", ["", "chart/"])
def test_an_alert_of_another_space_is_not_found(admin_client, part):
    foreign = make_alert()

    for slug in (admin_client.space.slug, foreign.space.slug):
        answer = admin_client.get(f"/s/{slug}/alerts/{foreign.pk}/{part}")
        assert answer.status_code == 404


@pytest.mark.parametrize("verb", ["acknowledge", "unacknowledge", "comment"])
def test_a_viewer_may_look_and_not_act(verb):
    client, space = client_of("viewer")
    alert = make_alert(space)

    assert client.get(f"/s/{space.slug}/alerts/{alert.pk}/").status_code == 200
    answer = client.post(f"/s/{space.slug}/alerts/{alert.pk}/{verb}/", {"text": "x"})

    assert answer.status_code == 403
    assert "Responder" in answer.content.decode()
    assert not Note.objects.exists()


def test_a_responder_takes_an_alert_and_gives_it_back():
    client, space = client_of("responder")
    alert = make_alert(space)
    url = f"/s/{space.slug}/alerts/{alert.pk}/"

    client.post(f"{url}acknowledge/")
    taken = text(client.get(url))
    client.post(f"{url}unacknowledge/")
    alert.refresh_from_db()

    assert "Give back" in taken
    assert alert.acked_at is None


def test_the_second_to_acknowledge_is_told_so(admin_client):
    alert = make_alert(admin_client.space, acked_at=NOON, acked_by=admin_client.user)
    url = f"/s/{admin_client.space.slug}/alerts/{alert.pk}/"

    answer = admin_client.post(f"{url}acknowledge/", follow=True)

    assert "somebody has it already" in text(answer)


def test_htmx_is_told_to_fetch_the_list_anew(admin_client):
    alert = make_alert(admin_client.space)
    url = f"/s/{admin_client.space.slug}/alerts/{alert.pk}/acknowledge/"

    answer = admin_client.post(url, headers={"HX-Request-Type": "partial"})

    assert (answer.status_code, answer["HX-Trigger"]) == (204, "alerts-changed")


def test_the_story_has_changes_words_and_messages_with_their_answers(admin_client):
    space = admin_client.space
    alert = make_alert(space)
    sentence = {
        "id": "limit",
        "params": {"value": 97, "operator": ">", "limit": 90},
    }
    Transition.objects.create(
        alert=alert, kind="fired", severity=1, sentence=sentence, at=NOON
    )
    admin_client.post(
        f"/s/{space.slug}/alerts/{alert.pk}/comment/", {"text": "I look <b>now</b>"}
    )
    sent = make_notification(alert, make_receiver(space, name="Chat"))
    Attempt.objects.create(notification=sent, at=NOON, ok=True, detail="200 OK thanks")

    page = text(admin_client.get(f"/s/{space.slug}/alerts/{alert.pk}/"))

    assert "The value 97 is above the limit of 90." in page
    assert "I look &lt;b&gt;now&lt;/b&gt;" in page
    assert "Message sent to Chat" in page
    assert "200 OK thanks" in page
    # By its id it stays open when the page refreshes itself.
    assert f'<details class="tries" id="tries-{sent.pk}">' in page


def test_a_long_story_costs_as_many_queries_as_a_short_one(
    admin_client, django_assert_max_num_queries
):
    space = admin_client.space
    alert = make_alert(space)
    for number in range(20):
        receiver = make_receiver(space)
        sent = make_notification(alert, receiver)
        Attempt.objects.create(notification=sent, at=NOON, ok=True)
        Note.objects.create(alert=alert, kind="comment", at=NOON, by=admin_client.user)
        Transition.objects.create(
            alert=alert, kind="fired", severity=1, at=NOON, value=number
        )

    with django_assert_max_num_queries(15):
        admin_client.get(f"/s/{space.slug}/alerts/{alert.pk}/")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"enabled": False}, "It is switched off."),
        ({"is_default": False}, "not one of the receivers that get everything"),
        ({}, "It was added after the alert began."),
    ],
)
def test_a_receiver_that_was_not_told_has_its_reason(admin_client, fields, why):
    space = admin_client.space
    alert = make_alert(space)
    make_receiver(space, **fields)

    assert why in text(admin_client.get(f"/s/{space.slug}/alerts/{alert.pk}/"))


def test_without_a_receiver_the_page_says_that_nobody_can_be_told(admin_client):
    alert = make_alert(admin_client.space)

    page = text(admin_client.get(f"/s/{admin_client.space.slug}/alerts/{alert.pk}/"))

    assert "nobody can be told" in page


def test_the_chart_of_a_probes_alert_is_drawn_from_its_row(admin_client):
    space = admin_client.space
    probe = make_probe(space, results=[[60, 1, 0.2, "200"], [120, 0, 5.0, "refused"]])
    alert = make_alert(space, source_kind="probe", source_id=probe.pk)

    answer = admin_client.get(f"/s/{space.slug}/alerts/{alert.pk}/chart/")

    assert answer.json()["columns"] == [[60, 120], [0.2, None]]


def test_a_resolved_alert_asks_for_itself_no_more(admin_client):
    space = admin_client.space
    over = make_alert(space, state="resolved")

    assert "every 10s" not in text(
        admin_client.get(f"/s/{space.slug}/alerts/{over.pk}/")
    )


def muted_alert(space, **fields):
    alert = make_alert(space, **fields)
    AlertGroup.objects.create(
        space=space,
        alert=alert,
        held="fired",
        muted_until=NOON + timedelta(hours=20),
        next_repeat_at=NOON + timedelta(hours=1),
    )
    Note.objects.create(
        alert=alert, kind="muted", at=NOON, text="2026-03-03T08:00:00+00:00"
    )
    return alert


def test_a_muted_alert_says_until_when_and_why_nobody_is_told(admin_client):
    space = admin_client.space
    make_receiver(space, created_at=NOON - timedelta(days=1))
    alert = muted_alert(space)

    listed = text(admin_client.get(f"/s/{space.slug}/alerts/"))
    page = text(admin_client.get(f"/s/{space.slug}/alerts/{alert.pk}/"))

    assert "Muted" in listed
    assert "nobody is told before 3 Mar 2026, 08:00:00 UTC." in page
    assert "it is told when active time begins" in page
    assert "The alert is muted until its active time begins." in page
    assert "Told again every 4 hours" not in page


def test_what_is_over_is_muted_no_more(admin_client):
    space = admin_client.space
    alert = muted_alert(space, state="resolved")

    listed = text(admin_client.get(f"/s/{space.slug}/alerts/?state=resolved"))
    page = text(admin_client.get(f"/s/{space.slug}/alerts/{alert.pk}/"))

    assert "Muted" not in listed
    assert "until active time begins" not in page


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("no_receiver", "No receiver of this space was switched on."),
        ("ended_muted", "It began and ended outside its active time."),
        ("began_untold", "had been told that it began."),
    ],
)
def test_the_story_says_why_nobody_was_told(admin_client, why, told):
    alert = make_alert(admin_client.space)
    Note.objects.create(alert=alert, kind="nobody_told", at=NOON, text=why)

    page = text(admin_client.get(f"/s/{alert.space.slug}/alerts/{alert.pk}/"))

    assert told in page


def test_the_value_and_the_chart_of_an_alert_are_in_the_unit_of_its_strategy(
    admin_client,
):
    space = admin_client.space
    strategy = make_strategy(space, unit="bytes")
    alert = make_alert(space, source_id=strategy.pk, value=5 * 2**30)

    page = text(admin_client.get(f"/s/{space.slug}/alerts/{alert.pk}/"))

    assert "5 GiB" in page
    assert "[1024.0,&quot;KiB&quot;]" in page

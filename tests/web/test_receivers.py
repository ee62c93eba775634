from datetime import timedelta

import pytest
from django.utils import timezone

from bkmonitor.accounts.fields import vault
from bkmonitor.notifications.models import Attempt, Notification, Receiver
from bkmonitor.web.views import receivers
from tests.factories import NOON, make_notification, make_receiver
from tests.web.clients import client_of, text

pytestmark = pytest.mark.django_db
SECRET_URL = "https://hooks.example.org/services/T0/the-secret"


def url_of(receiver, page=""):
    return f"/s/{receiver.space.slug}/receivers/{receiver.pk}/{page}"


def test_the_list_shows_no_secret_of_an_address(admin_client):
    space = admin_client.space
    make_receiver(space, address=SECRET_URL)
    make_receiver(space, channel="apprise", address="tgram://the-secret/42")
    make_receiver(space, channel="email", address="mei@example.org")
    make_receiver(name="elsewhere")

    page = text(admin_client.get(f"/s/{space.slug}/receivers/"))

    assert "the-secret" not in page
    assert "https://hooks.example.org/…" in page
    assert "tgram://…" in page
    assert "mei@example.org" in page
    assert "elsewhere" not in page


def test_a_test_message_is_sent_at_once(admin_client, monkeypatch):
    rung = []
    monkeypatch.setattr(receivers, "ring_delivery", rung.append)
    receiver = make_receiver(admin_client.space)

    admin_client.post(url_of(receiver, "test/"))

    assert rung == [Notification.objects.get().pk]


def test_an_empty_list_says_what_to_do(admin_client):
    page = text(admin_client.get(f"/s/{admin_client.space.slug}/receivers/"))

    assert "Nobody is told of anything yet" in page
    assert "/receivers/new/" in page


def test_the_list_costs_the_same_for_few_or_many(
    admin_client, django_assert_max_num_queries
):
    space = admin_client.space
    for _ in range(30):
        message = make_notification(space)
        Attempt.objects.create(notification=message, at=NOON, ok=False, detail="500")

    with django_assert_max_num_queries(11):
        admin_client.get(f"/s/{space.slug}/receivers/")


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("all", ["off", "open", "sure"]),
        ("confirmed", ["sure"]),
        ("unconfirmed", ["open"]),
        ("disabled", ["off"]),
    ],
)
def test_the_list_is_narrowed_by_state(admin_client, state, names):
    space = admin_client.space
    make_receiver(space, name="sure")
    make_receiver(space, name="open", confirmed_at=None)
    make_receiver(space, name="off", enabled=False)

    answer = admin_client.get(f"/s/{space.slug}/receivers/?state={state}")

    assert [row.name for row in answer.context["page"].rows] == names


def test_a_webhook_is_made_with_secret_and_headers(admin_client):
    space = admin_client.space

    admin_client.post(
        f"/s/{space.slug}/receivers/new/?channel=webhook",
        {
            "name": "hook",
            "address": SECRET_URL,
            "secret": "sign",
            "headers": "Authorization: Bearer x",
            "is_default": "on",
            "enabled": "on",
        },
    )

    made = Receiver.objects.get(space=space)
    assert (made.channel, made.address) == ("webhook", SECRET_URL)
    assert made.settings == {"secret": "sign", "headers": {"Authorization": "Bearer x"}}
    assert made.confirmed_at is None


def test_what_the_room_refuses_stands_beside_its_field(admin_client):
    space = admin_client.space
    make_receiver(space, name="taken")

    answer = admin_client.post(
        f"/s/{space.slug}/receivers/new/?channel=webhook",
        {"name": "hook", "address": "ftp://example.org", "headers": "none"},
    )
    taken = admin_client.post(
        f"/s/{space.slug}/receivers/new/?channel=email",
        {"name": "taken", "address": "mei@example.org"},
    )

    assert "“none” is not Name: value" in text(answer)
    assert "id_name_error" in text(taken)
    assert Receiver.objects.count() == 1


def test_an_editor_keeps_secrets_without_seeing_them(admin_client):
    receiver = make_receiver(
        admin_client.space,
        address=SECRET_URL,
        settings={"secret": "sign", "headers": {"X-Key": "s3cr3t"}},
    )

    page = text(admin_client.get(url_of(receiver, "edit/")))
    admin_client.post(
        url_of(receiver, "edit/"), {"name": "renamed", "address": "", "enabled": "on"}
    )

    receiver.refresh_from_db()
    assert "the-secret" not in page
    assert "s3cr3t" not in page
    assert "X-Key" in page
    assert (receiver.name, receiver.address) == ("renamed", SECRET_URL)
    assert receiver.settings == {"secret": "sign", "headers": {"X-Key": "s3cr3t"}}
    assert receiver.confirmed_at is not None


def test_secrets_do_not_go_to_another_server_unseen(admin_client):
    receiver = make_receiver(admin_client.space, settings={"secret": "sign"})
    moved = {"name": "hook", "address": "https://evil.example/", "enabled": "on"}

    answer = admin_client.post(url_of(receiver, "edit/"), moved)

    assert "id_secret_error" in text(answer)
    assert "given for another server" in text(answer)


def test_secrets_are_taken_away_when_asked(admin_client):
    receiver = make_receiver(admin_client.space, settings={"secret": "sign"})

    admin_client.post(
        url_of(receiver, "edit/"), {"name": "hook", "forget": "on", "enabled": "on"}
    )

    receiver.refresh_from_db()
    assert receiver.settings == {}


def test_a_test_message_is_confirmed_by_its_code(admin_client):
    receiver = make_receiver(
        admin_client.space,
        channel="email",
        address="mei@example.org",
        confirmed_at=None,
    )

    admin_client.post(url_of(receiver, "test/"))
    page = text(admin_client.get(url_of(receiver)))
    message = Notification.objects.get(receiver=receiver)
    wrong = admin_client.post(url_of(receiver, "confirm/"), {"code": "x"})
    admin_client.post(
        url_of(receiver, "confirm/"), {"code": vault().open(message.message["code"])}
    )

    receiver.refresh_from_db()
    assert "On its way" in page
    assert 'name="code"' in page
    assert "That is not the code" in text(wrong)
    assert receiver.confirmed_at is not None


def test_a_webhook_asks_for_no_code(admin_client):
    receiver = make_receiver(admin_client.space, confirmed_at=None)

    admin_client.post(url_of(receiver, "test/"))
    page = text(admin_client.get(url_of(receiver)))

    assert 'name="code"' not in page
    assert "An answer of 2xx proves" in page


def test_the_fate_of_a_test_is_shown(admin_client):
    now = timezone.now()
    receiver = make_receiver(admin_client.space, confirmed_at=None, code_sent_at=now)
    make_notification(
        admin_client.space,
        receiver=receiver,
        reason="test",
        created_at=now,
        attempts=1,
        last_error="the webhook answered 500",
        next_attempt_at=now + timedelta(minutes=1),
    )

    page = text(admin_client.get(url_of(receiver)))

    assert "Trying again" in page
    assert "the webhook answered 500" in page


def test_a_second_test_within_seconds_says_to_wait(admin_client):
    receiver = make_receiver(admin_client.space)

    admin_client.post(url_of(receiver, "test/"))
    page = text(admin_client.post(url_of(receiver, "test/"), follow=True))

    assert "A test was sent just now" in page
    assert Notification.objects.count() == 1


def test_mail_without_a_server_says_how_to_set_one(admin_client, settings):
    settings.SMTP_URL = ""
    receiver = make_receiver(
        admin_client.space, channel="email", address="mei@example.org"
    )

    assert "BKM_SMTP_URL" in text(admin_client.get(url_of(receiver)))


def test_the_page_shows_messages_with_their_tries(admin_client):
    receiver = make_receiver(admin_client.space)
    message = make_notification(
        admin_client.space,
        receiver=receiver,
        state="failed",
        last_error="refused for good",
        message={"title": "Load is high", "path": "/s/x/alerts/1/"},
    )
    Attempt.objects.create(notification=message, at=NOON, ok=False, detail="550 no")

    page = text(admin_client.get(url_of(receiver)))

    assert "Load is high" in page
    assert "refused for good" in page
    assert "550 no" in page


def test_a_deleted_receiver_is_gone(admin_client):
    receiver = make_receiver(admin_client.space)

    admin_client.post(url_of(receiver, "remove/"))

    assert not Receiver.objects.exists()


def test_viewers_read_and_do_not_change():
    client, space = client_of("viewer")
    receiver = make_receiver(space)

    assert client.get(url_of(receiver)).status_code == 200
    for page in ("test/", "confirm/", "remove/", "edit/"):
        assert client.post(url_of(receiver, page)).status_code == 403


@pytest.mark.parametrize("page", ["", "edit/"])
def test_a_receiver_of_another_space_is_not_there(admin_client, page):
    other = make_receiver()
    ours = f"/s/{admin_client.space.slug}/receivers/{other.pk}/{page}"

    assert admin_client.get(ours).status_code == 404
    assert admin_client.get(url_of(other, page)).status_code == 404


def test_there_is_no_form_for_an_unknown_channel(admin_client):
    url = f"/s/{admin_client.space.slug}/receivers/new/?channel=pigeon"

    assert admin_client.get(url).status_code == 404

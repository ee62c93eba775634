import pytest

from bkmonitor.notifications.models import Notification, Receiver
from tests.factories import make_receiver

pytestmark = pytest.mark.django_db
SECRET_URL = "https://hooks.example.org/T0/very-secret"


def make(api, **fields):
    body = {"space": api.space.slug, "name": "Hook", "channel": "webhook"} | fields
    return api.post("/api/v1/receivers/", body)


def test_addresses_and_settings_are_written_and_never_read(api):
    made = make(api, address=SECRET_URL, settings={"secret": "sign-with-this"})

    shown = api.get(f"/api/v1/receivers/{made.json()['id']}/")

    for answer in (made, shown, api.get("/api/v1/receivers/")):
        assert b"very-secret" not in answer.content
        assert b"sign-with-this" not in answer.content
    assert shown.json()["address_hint"] == "https://hooks.example.org/…"
    assert shown.json()["settings_given"] == ["secret"]


@pytest.mark.parametrize(
    ("channel", "address", "hint"),
    [
        ("email", "ann@example.org", "ann@example.org"),
        (
            "webhook",
            "https://user:pass@hooks.example.org/x",
            "https://hooks.example.org/…",
        ),
        ("apprise", "tgram://123456:token/987", "tgram://…"),
    ],
)
def test_the_hint_tells_no_secret(api, channel, address, hint):
    receiver = make_receiver(api.space, channel=channel, address=address)

    shown = api.get(f"/api/v1/receivers/{receiver.pk}/").json()

    assert shown["address_hint"] == hint


def test_a_change_keeps_the_secrets_it_does_not_name(api):
    made = make(api, address=SECRET_URL, settings={"secret": "sign-with-this"}).json()

    api.patch(f"/api/v1/receivers/{made['id']}/", {"name": "Renamed"})

    receiver = Receiver.objects.get()
    assert (receiver.name, receiver.address) == ("Renamed", SECRET_URL)
    assert receiver.settings == {"secret": "sign-with-this"}


def test_secrets_do_not_go_to_another_server_unseen(api):
    receiver = make_receiver(api.space, settings={"secret": "s"})
    path, moved = f"/api/v1/receivers/{receiver.pk}/", {"address": "https://b.example/"}

    refused = api.patch(path, moved)
    taken = api.patch(path, moved | {"settings": {"secret": ""}})

    assert (refused.status_code, list(refused.json()["fields"])) == (400, ["secret"])
    assert (taken.status_code, taken.json()["settings_given"]) == (200, [])


def test_a_test_message_is_sent_at_once_and_can_be_followed(api, bells):
    receiver = make_receiver(api.space)

    answer = api.post(f"/api/v1/receivers/{receiver.pk}/test/")

    assert answer.status_code == 202
    assert Notification.objects.get(pk=answer.json()["id"]).reason == "test"
    assert bells == [answer.json()["id"]]


def test_tests_in_quick_succession_have_to_wait(api):
    receiver = make_receiver(api.space)
    api.post(f"/api/v1/receivers/{receiver.pk}/test/")

    answer = api.post(f"/api/v1/receivers/{receiver.pk}/test/")

    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert int(answer["Retry-After"]) > 0


def test_a_wrong_code_confirms_nothing(api):
    receiver = make_receiver(
        api.space, channel="email", address="ann@example.org", confirmed_at=None
    )
    api.post(f"/api/v1/receivers/{receiver.pk}/test/")

    answer = api.post(f"/api/v1/receivers/{receiver.pk}/confirm/", {"code": "no"})

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["code"])

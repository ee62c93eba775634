from datetime import timedelta

import pytest

from bkmonitor.accounts.fields import vault
from bkmonitor.lib.errors import Conflict, InvalidInput, TooManyRequests
from bkmonitor.notifications import codes
from bkmonitor.notifications.models import Notification, Receiver
from bkmonitor.notifications.services import (
    BETWEEN_TESTS,
    confirm,
    delete_receiver,
    deliver,
    save_receiver,
    send_test,
)
from tests.factories import NOON, make_receiver, make_space
from tests.fakes import FakeChannel

pytestmark = pytest.mark.django_db

MAIL = {"name": "Mei", "channel": "email", "address": "mei@example.org"}
HOOK = {"name": "hook", "channel": "webhook", "address": "https://example.org/hook"}


def make_mail(**fields):
    fields = {"channel": "email", "address": "mei@example.org", "confirmed_at": None}
    return make_receiver(**fields)


def code_of(receiver):
    channel = FakeChannel()
    notification = Notification.objects.filter(receiver=receiver).latest("pk")
    deliver(notification.pk, channels={"email": channel}, now=NOON + codes.LIFE)
    return channel.sent[0][1].code


def test_a_receiver_is_made_of_its_fields():
    receiver = save_receiver(make_space(), MAIL | {"language": "zh-hans"})

    receiver.refresh_from_db()
    assert (receiver.name, receiver.address) == ("Mei", "mei@example.org")
    assert (receiver.language, receiver.confirmed_at) == ("zh-hans", None)


def test_what_is_left_out_stays_as_it_is():
    receiver = make_receiver(settings={"secret": "s"}, time_zone="Asia/Tokyo")

    save_receiver(receiver.space, {"name": "other"}, receiver=receiver)

    receiver.refresh_from_db()
    assert (receiver.name, receiver.time_zone) == ("other", "Asia/Tokyo")
    assert receiver.settings == {"secret": "s"}
    assert receiver.confirmed_at == NOON


@pytest.mark.parametrize(
    ("given", "after"),
    [
        ({"headers": {"X-A": "b"}}, {"secret": "s", "headers": {"X-A": "b"}}),
        ({"secret": "t"}, {"secret": "t"}),
        ({"secret": ""}, {}),
        ({}, {"secret": "s"}),
    ],
)
def test_a_setting_changes_only_where_it_is_given(given, after):
    receiver = make_receiver(settings={"secret": "s"})

    save_receiver(receiver.space, {"settings": given}, receiver=receiver)

    receiver.refresh_from_db()
    assert receiver.settings == after


def test_the_settings_of_another_channel_do_not_stay():
    receiver = make_receiver(settings={"secret": "s"})

    save_receiver(receiver.space, MAIL, receiver=receiver)

    receiver.refresh_from_db()
    assert receiver.settings == {}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, ["headers", "secret"]),
        ({"settings": {"secret": "t"}}, ["headers"]),
        ({"settings": {"secret": "", "headers": {}}}, []),
    ],
)
def test_stored_secrets_are_not_sent_to_another_server(given, wrong):
    kept = {"secret": "s", "headers": {"X-Key": "k"}}
    receiver = make_receiver(settings=kept, address="https://a.example/x")
    fields = given | {"address": "https://b.example/x"}

    refused = {}
    try:
        save_receiver(receiver.space, fields, receiver=receiver)
    except InvalidInput as error:
        refused = error.fields

    receiver.refresh_from_db()
    assert sorted(refused) == wrong
    assert receiver.settings == (kept if wrong else {})
    assert (receiver.address == "https://a.example/x") == bool(wrong)


def test_another_path_of_the_same_server_keeps_the_secrets():
    receiver = make_receiver(settings={"secret": "s"}, address="https://a.example/x")

    save_receiver(receiver.space, {"address": "https://a.example/y"}, receiver=receiver)

    receiver.refresh_from_db()
    assert receiver.settings == {"secret": "s"}


def test_another_address_must_be_confirmed_again():
    receiver = make_receiver(code_digest="x", code_sent_at=NOON)

    save_receiver(receiver.space, {"address": "http://b.example/"}, receiver=receiver)

    receiver.refresh_from_db()
    assert (receiver.confirmed_at, receiver.code_sent_at) == (None, None)
    assert receiver.code_digest == ""


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, "name"),
        ({"name": "a" * 101}, "name"),
        ({"channel": "pigeon"}, "channel"),
        ({"address": ""}, "address"),
        ({"address": "nowhere"}, "address"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"language": "tlh"}, "language"),
        ({"settings": {"secret": "s"}}, "settings"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(fields, wrong):
    with pytest.raises(InvalidInput) as refused:
        save_receiver(make_space(), MAIL | fields)

    assert list(refused.value.fields) == [wrong]
    assert not Receiver.objects.exists()


def test_a_name_is_taken_once_in_a_space():
    space = make_space()
    save_receiver(space, MAIL)

    with pytest.raises(InvalidInput) as refused:
        save_receiver(space, MAIL)

    assert list(refused.value.fields) == ["name"]
    assert save_receiver(make_space(), MAIL).pk


def test_a_field_that_is_no_users_business_cannot_be_set():
    with pytest.raises(InvalidInput, match="confirmed_at"):
        save_receiver(make_space(), MAIL | {"confirmed_at": NOON})


def test_deleting_a_receiver_ends_what_waits_for_it_and_keeps_the_log():
    receiver = make_receiver()
    send_test(receiver, NOON)

    delete_receiver(receiver)

    row = Notification.objects.get()
    assert (row.state, row.receiver) == ("failed", None)
    assert row.receiver_name == receiver.name


def test_the_code_of_a_test_confirms_the_receiver():
    receiver = make_mail()
    send_test(receiver, NOON)

    confirm(receiver, f" {code_of(receiver)} ", NOON + timedelta(minutes=1))

    receiver.refresh_from_db()
    assert receiver.confirmed_at == NOON + timedelta(minutes=1)


def test_the_code_is_nowhere_to_be_read_in_the_database():
    receiver = make_mail()

    notification = send_test(receiver, NOON)

    receiver.refresh_from_db()
    code = vault().open(notification.message["code"])
    assert len(code) == 6
    assert code not in str(notification.message)
    assert code not in receiver.code_digest


def test_confirming_twice_is_confirming_once():
    receiver = make_mail()
    send_test(receiver, NOON)
    code = code_of(receiver)

    confirm(receiver, code, NOON)
    confirm(receiver, code, NOON + timedelta(hours=1))

    assert receiver.confirmed_at == NOON


def test_a_wrong_code_is_refused():
    receiver = make_mail()
    send_test(receiver, NOON)

    with pytest.raises(InvalidInput) as refused:
        confirm(receiver, "no code", NOON)

    assert list(refused.value.fields) == ["code"]


def test_the_right_code_after_too_many_wrong_ones_is_refused():
    receiver = make_mail()
    send_test(receiver, NOON)
    for _ in range(codes.TRIES):
        with pytest.raises(InvalidInput):
            confirm(receiver, "no code", NOON)

    with pytest.raises(InvalidInput, match="Too many"):
        confirm(receiver, code_of(receiver), NOON)


def test_an_old_code_is_refused():
    receiver = make_mail()
    send_test(receiver, NOON)

    with pytest.raises(InvalidInput, match="send a new one"):
        confirm(receiver, code_of(receiver), NOON + codes.LIFE + timedelta(seconds=1))


def test_the_code_of_one_receiver_does_not_confirm_another():
    one, other = make_mail(), make_mail()
    send_test(one, NOON)
    send_test(other, NOON)
    Receiver.objects.filter(pk=other.pk).update(code_digest="")

    with pytest.raises(InvalidInput):
        confirm(other, code_of(one), NOON)


def test_a_receiver_that_was_never_tested_has_no_code():
    with pytest.raises(InvalidInput, match="no code"):
        confirm(make_mail(), "", NOON)


def test_a_webhook_gets_no_code_and_confirms_itself():
    receiver = make_receiver(confirmed_at=None)

    notification = send_test(receiver, NOON)
    deliver(notification.pk, channels={"webhook": FakeChannel(confirms=True)}, now=NOON)

    receiver.refresh_from_db()
    assert (notification.message["code"], receiver.confirmed_at) == ("", NOON)


def test_an_answer_from_the_former_address_does_not_confirm_the_new_one():
    receiver = make_receiver(confirmed_at=None)
    notification = send_test(receiver, NOON)

    class SlowChannel(FakeChannel):
        def send(self, *given):
            fresh = Receiver.objects.get()
            save_receiver(fresh.space, {"address": "http://b.example/"}, receiver=fresh)
            return "200"

    deliver(notification.pk, channels={"webhook": SlowChannel(confirms=True)}, now=NOON)

    receiver.refresh_from_db()
    assert receiver.confirmed_at is None


def test_two_clicks_are_one_test():
    receiver = make_mail()
    send_test(receiver, NOON)

    with pytest.raises(TooManyRequests):
        send_test(receiver, NOON + timedelta(seconds=1))
    send_test(receiver, NOON + BETWEEN_TESTS)

    assert Notification.objects.count() == 2


def test_a_receiver_that_is_off_is_not_tested():
    with pytest.raises(Conflict):
        send_test(make_receiver(enabled=False), NOON)


def test_a_test_can_be_sent_while_the_receiver_is_not_confirmed():
    notification = send_test(make_mail(), NOON)

    assert (notification.state, notification.reason) == ("pending", "test")

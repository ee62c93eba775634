import pytest
from django.test import Client
from django.utils import timezone

from bkmonitor.accounts.installation import installation
from bkmonitor.accounts.models import Member, Space, User
from bkmonitor.accounts.services import create_setup_link
from bkmonitor.notifications.models import Notification, Receiver
from bkmonitor.notifications.services import deliver
from bkmonitor.probes.models import Probe
from bkmonitor.strategies.models import Strategy
from bkmonitor.web.views import setup
from tests.factories import make_member, make_receiver, make_space

pytestmark = pytest.mark.django_db
PERSON = {
    "email": "ada@example.org",
    "password": "a long enough secret",
    "name": "Ada",
    "language": "en",
    "time_zone": "Asia/Shanghai",
    "space_name": "Web shop",
}


@pytest.fixture(autouse=True)
def bells(monkeypatch):
    """Note the bells that are rung instead of ringing them."""
    rung = []
    monkeypatch.setattr(setup, "ring_delivery", rung.append)
    return rung


def link():
    return f"/setup/{create_setup_link(timezone.now())}/"


@pytest.fixture
def operator():
    """Return a client of somebody who is in the middle of the set-up."""
    client = Client()
    client.post(link(), PERSON)
    return client


def text(answer):
    return " ".join(answer.content.decode().split())


def add_receiver(client, **fields):
    given = {"channel": "webhook", "address": "http://127.0.0.1:9/hook"}
    return client.post("/setup/receiver/", given | fields)


def test_the_link_makes_an_administrator_and_a_space_and_logs_in():
    client = Client()

    answer = client.post(link(), PERSON)

    user, space = User.objects.get(), Space.objects.get(slug="web-shop")
    assert answer["Location"] == "/setup/address/"
    assert user.is_superuser
    assert (user.time_zone, space.time_zone) == ("Asia/Shanghai", "Asia/Shanghai")
    assert Member.objects.get(space=space).role == "admin"
    assert client.get("/setup/address/").status_code == 200


def test_the_service_watches_itself_from_the_first_minute(operator):
    own = Space.objects.get(is_builtin=True)

    assert Strategy.objects.filter(space=own).exists()
    assert operator.get(f"/s/{own.slug}/").status_code == 200


def test_the_link_works_once():
    once = link()
    Client().post(once, PERSON)

    again = Client().post(once, PERSON | {"email": "eve@example.org"})

    assert again.status_code == 404
    assert User.objects.count() == 1


def test_a_link_that_is_none_says_how_to_make_another():
    answer = Client().get("/setup/nonsense/")

    assert answer.status_code == 404
    assert "setup_link" in text(answer)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"password": "short"}, "id_password_error"),
        ({"email": "nobody"}, "id_email_error"),
        ({"space_name": ""}, "id_space_name_error"),
        ({"space_name": "网店"}, "id_space_slug_error"),
        ({"space_slug": "Web_Shop"}, "id_space_slug_error"),
        ({"space_name": "bkmonitor"}, "id_space_slug_error"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_the_link_stays_good(wrong, field):
    once = link()

    answer = Client().post(once, PERSON | wrong)

    assert field in text(answer)
    assert not User.objects.exists()
    assert Client().post(once, PERSON).status_code == 302


def test_a_forced_link_lets_a_new_administrator_into_what_is_there():
    space = make_space()

    Client().post(link(), PERSON)

    assert Member.objects.get(space=space).role == "admin"
    assert not Space.objects.filter(slug="web-shop").exists()


@pytest.mark.parametrize("step", ["address", "receiver", "probe", "finish"])
def test_the_steps_are_for_operators(step):
    assert Client().get(f"/setup/{step}/").status_code == 302
    client = Client()
    client.force_login(make_member().user)
    assert client.get(f"/setup/{step}/").status_code == 403


def test_the_address_that_is_suggested_is_the_one_in_use(operator):
    assert 'value="http://testserver"' in text(operator.get("/setup/address/"))


def test_the_address_is_kept_and_mail_may_wait(operator):
    answer = operator.post("/setup/address/", {"public_url": "http://bkm.example.org/", "mail-encryption": "smtps"})  # fmt: skip

    assert answer["Location"] == "/setup/receiver/"
    assert installation().public_url == "http://bkm.example.org"
    assert installation().smtp_url == ""


def test_a_variable_wins_over_what_is_asked(operator, settings):
    settings.PUBLIC_URL = "http://testserver"
    settings.SMTP_URL = "smtp://mail.example.org"

    page = text(operator.get("/setup/address/"))
    answer = operator.post("/setup/address/", {})

    assert "set by BKM_PUBLIC_URL" in page
    assert answer["Location"] == "/setup/receiver/"


def test_a_receiver_gets_a_test_at_once(operator, bells):
    answer = add_receiver(operator)

    receiver = Receiver.objects.get()
    assert answer["Location"] == f"/setup/receiver/{receiver.pk}/"
    assert bells == [Notification.objects.get().pk]


def test_going_back_changes_the_receiver_instead_of_adding_one(operator):
    add_receiver(operator)
    add_receiver(operator, address="http://127.0.0.1:9/other")

    assert [r.address for r in Receiver.objects.all()] == ["http://127.0.0.1:9/other"]


def test_an_address_that_is_none_is_refused_beside_its_field(operator):
    page = text(add_receiver(operator, channel="email", address="nobody"))

    assert "id_address_error" in page


class Mailbox:
    """Takes messages and proves nothing."""

    takes_chart, confirms = False, False
    code = ""

    def send(self, receiver, message, envelope):
        self.code = message.code
        return "250 ok"


def test_the_code_of_the_message_confirms(operator, bells):
    add_receiver(operator, channel="email", address="ada@example.org")
    receiver, mailbox = Receiver.objects.get(), Mailbox()
    deliver(bells[0], channels={"email": mailbox}, now=timezone.now())
    url = f"/setup/receiver/{receiver.pk}/"

    wrong = operator.post(url, {"code": "abc"})
    right = operator.post(url, {"code": f"{mailbox.code[:3]} {mailbox.code[3:]}"})

    assert "id_code_error" in text(wrong)
    assert right["Location"] == "/setup/probe/"
    receiver.refresh_from_db()
    assert receiver.confirmed_at


def test_the_fragment_asks_again_until_it_is_confirmed(operator):
    add_receiver(operator)
    receiver = Receiver.objects.get()
    url = f"/setup/receiver/{receiver.pk}/"
    partial = {"HX-Request-Type": "partial"}

    before = text(operator.get(url, headers=partial))
    receiver.confirmed_at = timezone.now()
    receiver.save()
    after = text(operator.get(url, headers=partial))

    assert "every 2s" in before
    assert "every 2s" not in after
    assert "Messages arrive here." in after


def test_another_spaces_receiver_is_not_found(operator):
    foreign = make_receiver(make_space(is_builtin=True))

    assert operator.get(f"/setup/receiver/{foreign.pk}/").status_code == 404


def test_the_first_probe_is_named_after_its_host(operator):
    given = {"target": "http://127.0.0.1:9/health", "interval_s": "10"}

    answer = operator.post("/setup/probe/", given)

    probe = Probe.objects.get()
    assert answer["Location"] == "/setup/finish/"
    assert (probe.name, probe.interval_s) == ("127.0.0.1:9", 10)


def test_it_is_not_finished_while_nothing_can_be_delivered(operator):
    add_receiver(operator)

    page = text(operator.get("/setup/finish/"))
    operator.post("/setup/finish/")

    assert "Not ready" in page
    assert installation().completed_at is None


def test_it_is_finished_when_a_message_is_known_to_arrive(operator):
    add_receiver(operator)
    Receiver.objects.update(confirmed_at=timezone.now())

    answer = operator.post("/setup/finish/", follow=True)

    assert "The set-up is finished" in text(answer)
    assert installation().completed_at is not None
    # The service is watched too, and its troubles reach the same people.
    assert Receiver.objects.filter(space__is_builtin=True).count() == 1

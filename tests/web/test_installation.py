import pytest
from django.utils import timezone

from bkmonitor.accounts.installation import installation
from bkmonitor.accounts.services import update_installation
from bkmonitor.lib.errors import DeliveryError
from bkmonitor.web.views import installation as page
from tests.web.clients import text

pytestmark = pytest.mark.django_db
STORED = "smtp+starttls://me%40x:p%40ss%2Fword@mail.example.org:587"
TYPED = {
    "public_url": "http://testserver",
    "mail-host": "mail.example.org",
    "mail-encryption": "smtp+starttls",
    "mail-username": "me@x",
    "mail-mail_from": "bkm@example.org",
}


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    """Note the mail servers that are tried instead of trying them."""
    urls = []
    monkeypatch.setattr(page, "check_server", urls.append)
    return urls


@pytest.fixture
def operator(admin_client):
    admin_client.user.is_superuser = True
    admin_client.user.save()
    update_installation(
        public_url="http://testserver",
        smtp_url=STORED,
        mail_from="bkm@example.org",
        completed_at=timezone.now(),
    )
    admin_client.path = f"/s/{admin_client.space.slug}/system/installation/"
    return admin_client


def test_the_way_there_is_shown_to_operators_alone(operator):
    system = f"/s/{operator.space.slug}/system/"

    shown = text(operator.get(system))
    operator.user.is_superuser = False
    operator.user.save()

    assert operator.path in shown
    assert operator.path not in text(operator.get(system))


def test_what_is_saved_unchanged_stays_and_no_password_is_shown(operator, asked):
    shown = text(operator.get(operator.path))

    answer = operator.post(operator.path, TYPED)

    assert "p@ss" not in shown
    assert 'value="me@x"' in shown
    assert answer["Location"] == f"/s/{operator.space.slug}/system/"
    assert (installation().smtp_url, asked) == (STORED, [])


def test_a_new_server_is_tried_and_stored(operator, asked):
    moved = {"mail-host": "b.example.org", "mail-password": "new"}

    operator.post(operator.path, TYPED | moved)

    assert asked == ["smtp+starttls://me%40x:new@b.example.org:587"]
    assert installation().smtp_url == asked[0]


def test_the_stored_password_does_not_go_to_another_server(operator, asked):
    answer = operator.post(operator.path, TYPED | {"mail-host": "evil.example.org"})

    assert "id_mail-password_error" in text(answer)
    assert "given for another server" in text(answer)
    assert (installation().smtp_url, asked) == (STORED, [])


def test_a_mail_server_that_does_not_answer_is_not_saved(operator, monkeypatch):
    def refuse(url):
        raise DeliveryError("the mail server did not answer: refused")

    monkeypatch.setattr(page, "check_server", refuse)

    answer = operator.post(operator.path, TYPED | {"mail-password": "p"})

    assert "did not answer" in text(answer)
    assert installation().smtp_url == STORED


def test_mail_without_a_sender_is_refused(operator):
    answer = operator.post(operator.path, TYPED | {"mail-mail_from": ""})

    assert "Mail needs a sender" in text(answer)


def test_nobody_locks_themselves_out_by_a_slip(operator):
    moved = TYPED | {"public_url": "https://bkm.example.org/"}

    refused = operator.post(operator.path, moved)
    kept = installation().public_url
    operator.post(operator.path, moved | {"reached_there": "on"})

    assert "id_reached_there_error" in text(refused)
    assert kept == "http://testserver"
    assert installation().public_url == "https://bkm.example.org"


def test_what_variables_set_is_shown_and_stays(operator, settings):
    settings.PUBLIC_URL = "http://testserver"
    settings.SMTP_URL = "smtp://variable.example.org"
    settings.MAIL_FROM = "ops@example.org"

    shown = text(operator.get(operator.path))
    operator.post(operator.path, TYPED | {"public_url": "http://x", "mail-host": "y"})

    for name in ("BKM_PUBLIC_URL", "BKM_SMTP_URL", "BKM_MAIL_FROM"):
        assert f"set by {name}" in shown
    row = installation()
    assert (row.public_url, row.smtp_url) == ("http://testserver", STORED)

import pytest
from django.test import Client

from bkmonitor.accounts.invitations import invite
from tests.factories import make_member

pytestmark = pytest.mark.django_db
LONG = "a long enough secret"


@pytest.fixture
def path():
    admin = make_member()
    _member, path = invite(admin.space, "new@example.org", "viewer", by=admin.user)
    return path


def test_an_invited_person_chooses_a_password_and_is_in(path):
    client = Client()

    answer = client.post(path, {"name": "Mei", "password": LONG}, follow=True)

    assert answer.redirect_chain[0][0] == "/"
    assert "Mei" in answer.content.decode()


def test_an_invitation_works_once(path):
    Client().post(path, {"password": LONG})

    answer = Client().get(path)

    assert answer.status_code == 404
    assert "does not open" in answer.content.decode()


def test_a_weak_password_is_refused_and_uses_nothing_up(path):
    client = Client()

    refused = client.post(path, {"password": "password"})

    assert "id_password_error" in refused.content.decode()
    assert client.get(path).status_code == 200


def test_a_wrong_link_opens_nothing():
    assert Client().get("/welcome/MQ/abc-def/").status_code == 404

import pytest
from django.test import Client

from tests.factories import make_user

pytestmark = pytest.mark.django_db
LONG = "a long enough secret"


def log_in(client, user, password=LONG, **more):
    return client.post("/login/", {"email": user.email, "password": password, **more})


def test_the_right_password_leads_to_the_wanted_page():
    user = make_user(password=LONG)
    client = Client()

    answer = log_in(client, user, next="/profile/")

    assert answer["Location"] == "/profile/"
    assert client.get("/profile/").status_code == 200


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "x:y"])
def test_a_login_leads_to_no_other_site(target):
    answer = log_in(Client(), make_user(password=LONG), next=target)

    assert answer["Location"] == "/"


def test_a_wrong_password_says_so_without_saying_which_part():
    answer = log_in(Client(), make_user(password=LONG), password="another one")

    assert answer.status_code == 200
    assert "e-mail address or password is wrong" in answer.content.decode()


def test_after_too_many_guesses_one_has_to_wait():
    user = make_user(password=LONG)
    for _ in range(5):
        log_in(Client(), user, password="a guess")

    assert log_in(Client(), user).status_code == 429


def test_logging_out_takes_a_post():
    client = Client()
    client.force_login(make_user())

    assert client.get("/logout/").status_code == 405
    client.post("/logout/")
    assert client.get("/profile/").status_code == 302

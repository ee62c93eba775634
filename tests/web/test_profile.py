import pytest
from django.test import Client

from tests.factories import make_user

pytestmark = pytest.mark.django_db
LONG = "a long enough secret"


@pytest.fixture
def user():
    return make_user(password=LONG)


@pytest.fixture
def client(user):
    client = Client()
    client.force_login(user)
    return client


def test_a_person_changes_name_language_and_zone(client, user):
    client.post(
        "/profile/",
        {"name": "Mei", "language": "zh-hans", "time_zone": "Asia/Shanghai"},
    )

    user.refresh_from_db()
    assert (user.name, user.language, user.time_zone) == (
        "Mei",
        "zh-hans",
        "Asia/Shanghai",
    )


def test_a_zone_there_is_none_is_refused(client, user):
    answer = client.post("/profile/", {"language": "en", "time_zone": "Mars/Base"})

    assert answer.status_code == 200
    assert 'aria-invalid="true"' in answer.content.decode()


def test_a_chosen_language_holds_wherever_the_person_logs_in(client, user):
    client.post("/language/", {"language": "zh-hans", "next": "/profile/"})

    elsewhere = Client()
    elsewhere.force_login(user)
    assert '<html lang="zh-hans"' in elsewhere.get("/profile/").content.decode()


def test_without_a_login_the_language_is_kept_in_the_browser():
    client = Client()

    client.post("/language/", {"language": "zh-hans", "next": "/login/"})

    assert '<html lang="zh-hans"' in client.get("/login/").content.decode()


def test_a_theme_is_kept_in_the_browser(client):
    client.post("/theme/", {"theme": "dark", "next": "/profile/"})

    assert 'data-theme="dark"' in client.get("/profile/").content.decode()


def test_the_password_changes_only_for_who_knows_the_present_one(client, user):
    refused = client.post(
        "/profile/password/", {"present": "wrong", "password": "another good secret"}
    )
    taken = client.post(
        "/profile/password/", {"present": LONG, "password": "another good secret"}
    )

    assert "not your present password" in refused.content.decode()
    assert taken.status_code == 302
    user.refresh_from_db()
    assert user.check_password("another good secret")
    assert client.get("/profile/").status_code == 200


def test_a_weak_password_is_refused_beside_its_field(client):
    answer = client.post(
        "/profile/password/", {"present": LONG, "password": "password"}
    )

    assert "id_password_error" in answer.content.decode()

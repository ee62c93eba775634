import pytest
from django.test import Client

from tests.factories import make_member, make_space, make_user

pytestmark = pytest.mark.django_db


def test_nobody_is_led_to_the_login_and_back():
    space = make_space()

    answer = Client().get(f"/s/{space.slug}/?q=1")

    assert answer.status_code == 302
    assert answer["Location"] == f"/login/?next=/s/{space.slug}/%3Fq%3D1"


def test_a_fragment_whose_session_is_over_makes_the_whole_page_go_to_the_login():
    space = make_space()

    answer = Client().get(f"/s/{space.slug}/", headers={"HX-Request-Type": "partial"})

    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/login/")


def test_another_space_is_not_found(admin_client):
    answer = admin_client.get(f"/s/{make_space().slug}/")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_one_lands_in_the_first_space_that_is_not_the_services_own():
    user = make_user()
    make_member(make_space(name="A", is_builtin=True), user=user)
    own = make_member(make_space(name="B"), user=user).space
    client = Client()
    client.force_login(user)

    assert client.get("/")["Location"] == f"/s/{own.slug}/"


def test_who_is_in_no_space_is_told_what_to_do():
    client = Client()
    client.force_login(make_user())

    assert "You are in no space yet" in client.get("/").content.decode()


def test_before_there_is_anybody_the_page_says_where_the_link_is():
    assert "setup_link" in Client().get("/").content.decode()

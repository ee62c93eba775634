import pytest
from django.test import Client, RequestFactory

from bkmonitor.web.views import errors
from tests.factories import make_user


def test_the_page_for_our_own_mistakes_asks_nothing_of_the_database():
    answer = errors.broken(RequestFactory().get("/"))

    assert answer.status_code == 500
    assert "Something broke" in answer.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_is_told_why():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())

    answer = client.post("/logout/")

    assert answer.status_code == 403
    assert "BKM_PUBLIC_URL" in answer.content.decode()


@pytest.mark.django_db
def test_what_is_not_there_is_said_to_anybody():
    answer = Client().get("/nowhere/")

    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()

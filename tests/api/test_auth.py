from datetime import timedelta

import pytest
from django.utils import timezone

from tests.api.conftest import Api, as_token, as_user
from tests.factories import make_token

pytestmark = pytest.mark.django_db


def test_nobody_is_told_how_to_come_in():
    response = Api().get("/api/v1/alerts/")

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="bkmonitor"'
    assert response.json()["code"] == "not_authenticated"


@pytest.mark.parametrize(
    "ended", [{"revoked_at": timezone.now()}, {"expires_at": timezone.now()}]
)
def test_a_token_that_has_ended_opens_nothing(ended):
    _, secret = make_token(None, "write", **ended)

    response = Api(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/me/")

    assert response.status_code == 401
    assert response.json()["code"] == "authentication_failed"


def test_a_wrong_token_is_not_made_good_by_a_session():
    api = as_user()

    response = api.get("/api/v1/me/", headers={"Authorization": "Bearer bkm_wrong"})

    assert response.status_code == 401


def test_the_secret_does_not_hang_on_the_case_of_the_word_bearer():
    _, secret = make_token(expires_at=timezone.now() + timedelta(hours=1))

    response = Api().get("/api/v1/me/", headers={"Authorization": f"bearer {secret}"})

    assert response.status_code == 200


def test_a_session_without_csrf_token_changes_nothing():
    api = as_user()
    api.handler.enforce_csrf_checks = True

    response = api.patch("/api/v1/me/", {"name": "Eve"})

    assert (response.status_code, response.json()["code"]) == (403, "forbidden")


def test_a_token_needs_no_csrf_token():
    program = as_token("write")
    program.handler.enforce_csrf_checks = True

    response = program.patch("/api/v1/me/", {"name": "Eve"})

    assert "nothing of its own" in response.json()["detail"]

import pytest

from bkmonitor.accounts.models import ApiToken
from tests.api.conftest import Api, as_user
from tests.factories import make_member, make_space, make_token

pytestmark = pytest.mark.django_db


def make(api, **fields):
    body = {"space": api.space.slug, "name": "agent", "scopes": ["read"]} | fields
    return api.post("/api/v1/tokens/", body)


def test_the_secret_is_in_the_answer_that_makes_it_and_in_no_other(api):
    made = make(api).json()

    shown = api.get(f"/api/v1/tokens/{made['id']}/").json()

    assert made["secret"].startswith("bkm_")
    assert "secret" not in shown
    assert made["secret"] not in str(shown)
    assert "digest" not in shown


def test_the_secret_opens_the_door(api):
    secret = make(api).json()["secret"]

    program = Api(headers={"Authorization": f"Bearer {secret}"})

    assert program.get("/api/v1/alerts/").status_code == 200


def test_a_revoked_token_stays_in_the_list(api):
    made = make(api).json()

    assert api.delete(f"/api/v1/tokens/{made['id']}/").status_code == 204

    assert ApiToken.objects.get(pk=made["id"]).revoked_at


def test_the_space_has_to_be_named_by_a_person(api):
    response = api.post("/api/v1/tokens/", {"name": "agent", "scopes": ["read"]})

    assert (response.status_code, list(response.json()["fields"])) == (400, ["space"])


def test_an_administrator_of_one_space_sees_no_tokens_where_they_only_view(api):
    other = make_space()
    make_member(other, role="viewer", user=api.user)
    make_token(other)
    mine, _ = make_token(api.space)

    listed = api.get("/api/v1/tokens/").json()["results"]

    assert [token["id"] for token in listed] == [mine.pk]
    assert api.get(f"/api/v1/tokens/?space={other.slug}").status_code == 403


def test_an_editor_sees_none():
    assert as_user("editor").get("/api/v1/tokens/").status_code == 403

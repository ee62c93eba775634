import pytest

from tests.api.conftest import as_token

pytestmark = pytest.mark.django_db


def test_a_person_sees_who_they_are_and_what_they_may_where(api):
    body = api.get("/api/v1/me/").json()

    assert (body["kind"], body["email"]) == ("user", api.user.email)
    assert body["roles"] == [{"space": api.space.slug, "role": "admin"}]


@pytest.mark.parametrize(("scope", "role"), [("write", "editor"), ("ingest", None)])
def test_a_token_sees_its_space_and_role(scope, role):
    program = as_token(scope)

    body = program.get("/api/v1/me/").json()

    assert body["kind"] == "token"
    assert body["roles"] == [{"space": program.space.slug, "role": role}]


def test_a_person_changes_their_language_and_zone(api):
    change = {"language": "zh-hans", "time_zone": "Asia/Shanghai"}

    body = api.patch("/api/v1/me/", change).json()

    assert {"language": "zh-hans", "time_zone": "Asia/Shanghai"}.items() <= body.items()


def test_an_unknown_zone_is_refused_and_the_address_stays(api):
    assert api.patch("/api/v1/me/", {"time_zone": "Mars/Base"}).status_code == 400

    api.patch("/api/v1/me/", {"email": "other@example.org"})

    api.user.refresh_from_db()
    assert api.user.email != "other@example.org"

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bkmonitor.accounts.models import Member, Space
from tests.api.conftest import as_token, as_user
from tests.factories import make_member, make_space

pytestmark = pytest.mark.django_db


def test_one_sees_the_spaces_one_is_in_and_no_other(api):
    make_space()

    listed = api.get("/api/v1/spaces/").json()["results"]

    assert [space["slug"] for space in listed] == [api.space.slug]


def test_an_administrator_opens_a_space_and_administers_it(api):
    response = api.post("/api/v1/spaces/", {"slug": "shop", "name": "Shop"})

    assert response.status_code == 201
    assert Member.objects.get(space__slug="shop").role == "admin"


@pytest.mark.parametrize("role", ["viewer", "responder", "editor"])
def test_others_do_not(role):
    response = as_user(role).post("/api/v1/spaces/", {"slug": "shop", "name": "Shop"})

    assert response.status_code == 403
    assert not Space.objects.filter(slug="shop").exists()


def test_a_token_does_not():
    response = as_token("write").post("/api/v1/spaces/", {"slug": "a", "name": "A"})

    assert response.status_code == 403


def test_a_space_is_renamed_and_keeps_its_slug(api):
    path = f"/api/v1/spaces/{api.space.slug}/"

    assert api.patch(path, {"name": "Renamed"}).json()["name"] == "Renamed"
    assert api.patch(path, {"slug": "other"}).status_code == 400


def test_an_editor_does_not_rename_it():
    api = as_user("editor")

    response = api.patch(f"/api/v1/spaces/{api.space.slug}/", {"name": "Renamed"})

    assert response.status_code == 403


def test_listing_costs_the_same_for_one_space_or_many(api, django_assert_num_queries):
    with CaptureQueriesContext(connection) as one:
        api.get("/api/v1/spaces/")
    for _ in range(5):
        make_member(user=api.user)

    with django_assert_num_queries(len(one)):
        api.get("/api/v1/spaces/")

"""Every route from nobody, from another space, and with too little."""

import pytest

from bkmonitor.accounts.access import ORDER
from tests.api.conftest import Api, as_token, as_user
from tests.api.routes import APART, ROUTES, existing_routes
from tests.factories import make_member, make_space

pytestmark = pytest.mark.django_db
WITH_A_ROLE = [route for route in ROUTES if route.role]
OF_A_ROW_OR_A_SPACE = [r for r in WITH_A_ROLE if r.make or r.names_space]
SCOPES = {"viewer": "read", "responder": "write", "editor": "write"}


def all_of(routes):
    return pytest.mark.parametrize("route", routes, ids=str)


def test_this_matrix_holds_every_route():
    listed = {(route.name, route.method) for route in ROUTES} | APART

    assert existing_routes() == listed


@all_of(ROUTES)
def test_nobody_is_asked_who_they_are(route):
    response = route.send(Api(), make_space())

    assert response.status_code == 401


@all_of(OF_A_ROW_OR_A_SPACE)
@pytest.mark.parametrize("who", [as_user, lambda: as_token("write")], ids=["u", "t"])
def test_what_is_in_another_space_is_not_there(route, who):
    response = route.send(who(), make_space())

    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_a_token_that_only_ingests_is_not_told_how_the_system_is():
    assert as_token("ingest").get("/api/v1/system/").status_code == 403


@all_of([r for r in WITH_A_ROLE if r.name.endswith("-list") and r.method == "get"])
def test_lists_leave_out_what_is_in_another_space(route):
    detail = next(r for r in ROUTES if r.name == route.name.replace("-list", "-detail"))
    space = make_space()
    row = detail.make(space)
    key = "slug" if route.name == "space-list" else "id"

    listed = route.send(as_user(), space).json()

    assert getattr(row, key) not in [each[key] for each in listed["results"]]


@all_of([route for route in WITH_A_ROLE if route.role != "viewer"])
def test_the_role_below_is_not_enough(route):
    below = ORDER[ORDER.index(route.role) - 1]
    api = as_user(below)

    response = route.send(api, api.space)

    assert (response.status_code, response.json()["code"]) == (403, "forbidden")


@all_of(WITH_A_ROLE)
def test_a_token_that_only_ingests_opens_nothing(route):
    program = as_token("ingest")

    assert route.send(program, program.space).status_code == 403


@all_of([route for route in WITH_A_ROLE if route.role != "viewer"])
def test_a_token_that_only_reads_changes_nothing(route):
    program = as_token("read")

    assert route.send(program, program.space).status_code == 403


@all_of([route for route in WITH_A_ROLE if route.role == "admin"])
def test_no_token_administers(route):
    program = as_token("ingest", "read", "write")

    assert route.send(program, program.space).status_code == 403


@all_of(WITH_A_ROLE)
def test_the_role_itself_is_enough(route):
    api = as_user(route.role)
    if route.role == "admin":
        make_member(api.space, role="admin")

    response = route.send(api, api.space)

    assert response.status_code < 300, response.content


@all_of([route for route in WITH_A_ROLE if route.role in SCOPES])
def test_the_scope_for_it_is_enough(route):
    program = as_token(SCOPES[route.role])

    response = route.send(program, program.space)

    assert response.status_code < 300, response.content

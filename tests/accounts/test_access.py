import pytest

from bkmonitor.accounts.access import Role, may_create_spaces, require, role_in
from bkmonitor.lib.errors import Forbidden, NotFound
from tests.factories import make_member, make_space, make_token, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "enough_for"),
    [
        ("viewer", ["viewer"]),
        ("responder", ["viewer", "responder"]),
        ("editor", ["viewer", "responder", "editor"]),
        ("admin", ["viewer", "responder", "editor", "admin"]),
    ],
)
def test_a_role_may_do_all_that_those_before_it_may(role, enough_for):
    member = make_member(role=role)

    allowed = [needed for needed in Role if _allows(member.user, member.space, needed)]

    assert allowed == enough_for


@pytest.mark.parametrize(
    ("scopes", "role"),
    [
        (["write"], "editor"),
        (["read"], "viewer"),
        (["ingest"], None),
        (["ingest", "read"], "viewer"),
        (["read", "write"], "editor"),
    ],
)
def test_a_token_has_the_role_of_its_widest_scope(scopes, role):
    token, _ = make_token(None, *scopes)

    assert role_in(token, token.space_id) == role


def test_no_token_may_administer():
    token, _ = make_token(None, "ingest", "read", "write")

    with pytest.raises(Forbidden, match="role admin"):
        require(token, token.space_id, Role.ADMIN)


def test_another_space_is_not_there_for_a_member():
    member, other = make_member(), make_space()

    with pytest.raises(NotFound):
        require(member.user, other.pk, Role.VIEWER)


def test_another_space_is_not_there_for_a_token():
    token, _ = make_token()

    with pytest.raises(NotFound):
        require(token, make_space().pk, Role.VIEWER)


def test_a_token_that_only_ingests_is_told_that_its_scope_is_too_small():
    token, _ = make_token(None, "ingest")

    with pytest.raises(Forbidden, match="ingest"):
        require(token, token.space_id, Role.VIEWER)


def test_spaces_are_opened_by_operators_and_by_admins_of_any_space():
    assert may_create_spaces(make_member(role="admin").user)
    assert may_create_spaces(make_user(is_superuser=True))
    assert not may_create_spaces(make_member(role="editor").user)
    assert not may_create_spaces(make_token()[0])


def _allows(who, space, needed):
    try:
        require(who, space.pk, needed)
    except Forbidden:
        return False
    return True

from datetime import timedelta

import pytest

from bkmonitor.accounts import services
from bkmonitor.accounts.installation import absolute, installation, public_url, smtp_url
from bkmonitor.accounts.models import ApiToken, Installation, Member, SetupLink, Space
from bkmonitor.lib.errors import Conflict, InvalidInput, NotFound
from bkmonitor.lib.secrets import digest
from tests.factories import NOON, make_member, make_space, make_token, make_user

pytestmark = pytest.mark.django_db
GOOD_PASSWORD = "four plain words here"  # noqa: S105


def test_who_opens_a_space_administers_it_in_their_language():
    user = make_user(language="zh-hans", time_zone="Asia/Shanghai")

    space = services.create_space("shop", "Shop", by=user)

    assert (space.language, space.time_zone) == ("zh-hans", "Asia/Shanghai")
    assert Member.objects.get(space=space, user=user).role == "admin"


@pytest.mark.parametrize("slug", ["Shop", "a shop", "-shop", "", "läden", "x" * 41])
def test_a_slug_that_is_no_label_value_of_ours_is_refused_by_field(slug):
    with pytest.raises(InvalidInput) as caught:
        services.create_space(slug, "Shop", by=make_user())

    assert list(caught.value.fields) == ["slug"]
    assert not Space.objects.exists()


def test_a_slug_is_taken_once():
    make_space(slug="shop")

    with pytest.raises(InvalidInput) as caught:
        services.create_space("shop", "Shop", by=None)

    assert list(caught.value.fields) == ["slug"]


def test_the_slug_of_a_space_cannot_be_changed():
    with pytest.raises(InvalidInput, match="slug"):
        services.update_space(make_space(), slug="other")


@pytest.mark.parametrize("password", ["short", "password123", "ann@example.org"])
def test_a_weak_password_is_refused_by_field(password):
    with pytest.raises(InvalidInput) as caught:
        services.create_user("ann@example.org", password)

    assert list(caught.value.fields) == ["password"]


def test_a_person_has_one_account_whatever_the_case_of_the_letters():
    services.create_user("Ann@Example.org", GOOD_PASSWORD)

    with pytest.raises(InvalidInput) as caught:
        services.create_user("ann@example.ORG", GOOD_PASSWORD)

    assert list(caught.value.fields) == ["email"]


def test_a_person_is_a_member_once():
    member = make_member()

    with pytest.raises(InvalidInput):
        services.add_member(member.space, member.user, "viewer")


@pytest.mark.parametrize(
    "act",
    [services.remove_member, lambda member: services.change_role(member, "editor")],
    ids=["removed", "made less"],
)
def test_the_last_administrator_is_not(act):
    member = make_member(role="admin")
    make_member(member.space, role="editor")

    with pytest.raises(Conflict):
        act(member)

    assert Member.objects.get(pk=member.pk).role == "admin"


def test_one_administrator_of_two_may_go():
    member = make_member(role="admin")
    make_member(member.space, role="admin")

    services.remove_member(member)

    assert Member.objects.filter(space=member.space).count() == 1


def test_who_is_no_administrator_may_go_though_there_is_only_one():
    admin = make_member(role="admin")
    editor = make_member(admin.space, role="editor")

    services.change_role(editor, "viewer")
    services.remove_member(editor)

    assert list(Member.objects.filter(space=admin.space)) == [admin]


def test_of_a_token_only_the_digest_is_stored():
    token, secret = services.create_token(
        make_space(), "agent", scopes=["write", "ingest"], by=None, now=NOON
    )

    assert len(secret) == len("bkm_") + 32
    assert token.digest == digest(secret)
    assert secret not in str(ApiToken.objects.values())
    assert token.scopes == ["ingest", "write"]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["admin"]}, "scopes"),
        ({"scopes": ["read"], "expires_at": NOON}, "expires_at"),
        ({"scopes": ["read"], "name": ""}, "name"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused_by_field(asked, field):
    asked = {"name": "agent"} | asked

    with pytest.raises(InvalidInput) as caught:
        services.create_token(make_space(), by=None, now=NOON, **asked)

    assert list(caught.value.fields) == [field]


def test_revoking_once_more_keeps_the_first_moment():
    token, _ = make_token()

    services.revoke_token(token, NOON)
    services.revoke_token(token, NOON + timedelta(hours=1))

    assert token.revoked_at == NOON


def test_a_setup_link_opens_once():
    secret = services.create_setup_link(NOON)

    services.use_setup_link(secret, NOON + timedelta(hours=23))

    with pytest.raises(NotFound):
        services.use_setup_link(secret, NOON + timedelta(hours=23))


def test_a_setup_link_ends_after_a_day():
    secret = services.create_setup_link(NOON)

    assert services.is_setup_link(secret, NOON + timedelta(hours=23))
    with pytest.raises(NotFound):
        services.use_setup_link(secret, NOON + timedelta(hours=24))


def test_a_second_setup_link_ends_the_first():
    first, second = services.create_setup_link(NOON), services.create_setup_link(NOON)

    assert not services.is_setup_link(first, NOON)
    assert services.is_setup_link(second, NOON)


def test_of_a_setup_link_only_the_digest_is_stored():
    secret = services.create_setup_link(NOON)

    assert SetupLink.objects.get().digest == digest(secret)


def test_there_is_an_installation_before_anything_is_stored():
    assert installation().public_url == ""
    assert not Installation.objects.exists()


def test_a_variable_wins_over_what_the_wizard_stored(settings):
    services.update_installation(
        public_url="https://stored.example.org/", smtp_url="smtp://:secret@mail"
    )
    assert public_url() == "https://stored.example.org"
    assert smtp_url() == "smtp://:secret@mail"

    settings.PUBLIC_URL = "https://variable.example.org"

    assert absolute("/s/shop/") == "https://variable.example.org/s/shop/"


def test_the_password_of_the_mail_server_is_sealed():
    services.update_installation(smtp_url="smtp://:secret@mail")

    stored = Installation.objects.values_list("pk").extra(  # noqa: S610
        select={"raw": "smtp_url"}
    )
    assert "secret" not in str(list(stored))


def test_the_first_secret_key_is_noted_and_another_refused(settings):
    settings.SECRET_KEY = "first" * 10
    services.check_key()
    services.check_key()

    settings.SECRET_KEY = "second" * 10

    with pytest.raises(Conflict, match="key fingerprint differs"):
        services.check_key()


def test_while_the_former_key_is_a_fallback_the_start_goes_on(settings):
    settings.SECRET_KEY = "first" * 10
    services.check_key()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "second" * 10, ["first" * 10]

    services.check_key()

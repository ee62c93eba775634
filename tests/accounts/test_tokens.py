from datetime import timedelta

import pytest

from bkmonitor.accounts.models import ApiToken
from bkmonitor.accounts.services import create_token, revoke_token
from bkmonitor.accounts.tokens import find_token
from tests.factories import NOON, make_space, make_token

pytestmark = pytest.mark.django_db


def test_the_secret_of_a_token_finds_it_with_its_space(django_assert_num_queries):
    space = make_space()
    token, secret = create_token(space, "agent", scopes=["ingest"], by=None, now=NOON)

    found = find_token(secret, NOON)

    assert found == token
    with django_assert_num_queries(0):
        assert found.space.slug == space.slug


@pytest.mark.parametrize("secret", ["", "bkm_", "bkm_unknown", "Bearer x", "bkm_ü"])
def test_any_other_text_finds_nothing(secret):
    make_token()

    assert find_token(secret, NOON) is None


def test_for_three_seconds_a_token_is_found_without_the_database(
    django_assert_num_queries,
):
    _, secret = make_token()
    find_token(secret, NOON)

    with django_assert_num_queries(0):
        assert find_token(secret, NOON + timedelta(seconds=2.9))


def test_a_revoked_token_opens_nothing_after_three_seconds():
    token, secret = make_token()
    find_token(secret, NOON)
    revoke_token(token, NOON)

    assert find_token(secret, NOON + timedelta(seconds=3)) is None


def test_a_token_ends_on_the_moment_it_expires_though_it_was_just_read():
    _, secret = make_token(expires_at=NOON + timedelta(seconds=1))

    assert find_token(secret, NOON)
    assert find_token(secret, NOON + timedelta(seconds=1)) is None


def test_a_clock_that_is_set_back_keeps_no_revoked_token_alive():
    token, secret = make_token()
    find_token(secret, NOON)
    revoke_token(token, NOON)

    assert find_token(secret, NOON - timedelta(hours=1)) is None


@pytest.mark.parametrize(
    ("seconds", "noted"), [(0, NOON), (59, NOON), (60, NOON + timedelta(seconds=60))]
)
def test_its_use_is_noted_once_a_minute(seconds, noted):
    token, secret = make_token()
    find_token(secret, NOON)

    find_token(secret, NOON + timedelta(seconds=seconds))

    assert ApiToken.objects.get(pk=token.pk).last_used_at == noted

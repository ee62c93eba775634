from datetime import timedelta

import pytest
from django.utils import timezone

from bkmonitor.accounts.models import ApiToken
from tests.factories import NOON, make_token
from tests.web.clients import client_of, text

pytestmark = pytest.mark.django_db


def make(client, *scopes, **fields):
    typed = {"name": "Prometheus", "scopes": scopes, "life_days": "0"}
    return client.post(f"/s/{client.space.slug}/tokens/new/", typed | fields)


def test_the_secret_is_shown_once_with_what_to_copy(admin_client, settings):
    settings.PUBLIC_URL = "http://monitor.example.org"
    admin_client.defaults["HTTP_HOST"] = "monitor.example.org"

    answer = make(admin_client, "ingest")

    page, token = text(answer), ApiToken.objects.get()
    secret = answer.context["secret"]
    assert secret in page
    assert "http://monitor.example.org/prometheus/api/v1/write" in page
    assert f"credentials: {secret}" in page
    assert "-remoteWrite.bearerToken=" in page
    assert "no-store" in answer.headers["Cache-Control"]
    assert secret not in text(admin_client.get(f"/s/{admin_client.space.slug}/tokens/"))
    assert (token.scopes, token.created_by) == (["ingest"], admin_client.user)


def test_snippets_are_those_that_the_scopes_allow(admin_client):
    reads = text(make(admin_client, "read"))

    assert "Grafana" in reads
    assert "remote_write" not in reads


def test_without_a_public_address_the_snippets_have_the_one_in_use(
    admin_client, settings
):
    settings.PUBLIC_URL = ""

    assert "http://testserver/prometheus/api/v1/write" in text(
        make(admin_client, "ingest")
    )


def test_a_token_may_end_by_itself(admin_client):
    make(admin_client, "read", life_days="30")

    left = ApiToken.objects.get().expires_at - timezone.now()
    assert timedelta(days=29) < left <= timedelta(days=30)


def test_a_token_that_may_nothing_is_refused(admin_client):
    answer = make(admin_client)

    assert "This field is required" in text(answer)
    assert not ApiToken.objects.exists()


def test_a_revoked_token_is_listed_among_the_ended(admin_client):
    space = admin_client.space
    token, _ = make_token(space, name="old one")
    make_token(space, name="expired", expires_at=NOON)

    admin_client.post(f"/s/{space.slug}/tokens/{token.pk}/revoke/")

    active = text(admin_client.get(f"/s/{space.slug}/tokens/"))
    ended = text(admin_client.get(f"/s/{space.slug}/tokens/?state=over"))
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert "old one</span>" not in active
    assert "old one</span>" in ended
    assert "expired</span>" in ended


def test_an_empty_list_says_what_to_do(admin_client):
    page = text(admin_client.get(f"/s/{admin_client.space.slug}/tokens/"))

    assert "No token yet" in page


def test_the_list_costs_the_same_for_few_or_many(
    admin_client, django_assert_max_num_queries
):
    space = admin_client.space
    for at in range(20):
        make_token(space, name=f"a=b {at}", created_by=admin_client.user)

    with django_assert_max_num_queries(9):
        page = text(admin_client.get(f"/s/{space.slug}/tokens/?q=a=b"))

    assert page.count("data-row") == 20


@pytest.mark.parametrize("role", ["viewer", "responder", "editor"])
def test_only_administrators_keep_tokens(role):
    client, space = client_of(role)
    token, _ = make_token(space)

    assert client.get(f"/s/{space.slug}/tokens/").status_code == 403
    assert client.post(f"/s/{space.slug}/tokens/new/").status_code == 403
    assert client.post(f"/s/{space.slug}/tokens/{token.pk}/revoke/").status_code == 403


def test_a_token_of_another_space_is_not_there(admin_client):
    token, _ = make_token()

    answer = admin_client.post(
        f"/s/{admin_client.space.slug}/tokens/{token.pk}/revoke/"
    )

    token.refresh_from_db()
    assert (answer.status_code, token.revoked_at) == (404, None)

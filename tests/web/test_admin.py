import pytest

from bkmonitor.accounts.models import LoginFailure
from bkmonitor.accounts.services import update_installation
from bkmonitor.web.admin import SECRETS, site
from tests.factories import (
    NOON,
    make_alert,
    make_heartbeat,
    make_member,
    make_notification,
    make_probe,
    make_receiver,
    make_scrape_target,
    make_strategy,
    make_token,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client):
    client.force_login(make_user(is_superuser=True, is_staff=True))
    return client


def test_who_is_no_operator_is_kept_out(client):
    client.force_login(make_member(role="admin").user)

    assert client.get("/admin/", follow=True).status_code == 403


def test_there_is_one_login_and_it_counts_failures(client):
    response = client.get("/admin/", follow=True)

    assert response.redirect_chain[-1][0].startswith("/login/?next=")
    assert client.post("/admin/login/", {"username": "a"}).status_code == 302


def test_every_page_shows_rows_and_no_secret(operator):
    space = make_member().space
    token, secret = make_token(space)
    heartbeat = make_heartbeat(space)
    make_receiver(space, address="https://hooks.example.org/very-secret")
    make_scrape_target(space, password="very-secret")  # noqa: S106
    make_probe(space, settings={"headers": {"Authorization": "very-secret"}})
    make_strategy(space)
    make_notification(space)
    make_alert(space)
    update_installation(smtp_url="smtp://:very-secret@mail", public_url="")
    LoginFailure.objects.create(email="a@example.org", address="192.0.2.1", at=NOON)

    for model, rows in site._registry.items():
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        pages = [operator.get(base)]
        if row := model.objects.first():
            pages.append(operator.get(f"{base}{row.pk}/change/"))
        for page in pages:
            assert page.status_code == 200
            for hidden in ("very-secret", secret, token.digest, str(heartbeat.uuid)):
                assert hidden not in page.content.decode()
        shown = {*rows.list_display, *rows.get_fields(page.wsgi_request)}
        assert not shown & SECRETS


def test_rows_are_not_changed_here(operator):
    space = make_member().space

    for verb in ("change", "delete"):
        path = f"/admin/accounts/space/{space.pk}/{verb}/"
        assert operator.post(path, {"name": "x", "post": "yes"}).status_code == 403
    assert operator.get("/admin/accounts/space/add/").status_code == 403


def test_an_operator_may_forget_failed_logins(operator):
    failure = LoginFailure.objects.create(
        email="a@example.org", address="192.0.2.1", at=NOON
    )

    operator.post(f"/admin/accounts/loginfailure/{failure.pk}/delete/", {"post": "yes"})

    assert not LoginFailure.objects.exists()

import pytest

from bkmonitor.accounts.models import Member, User
from tests.factories import make_member, make_user
from tests.web.clients import client_of, text

pytestmark = pytest.mark.django_db


def add(client, email, role="editor"):
    return client.post(
        f"/s/{client.space.slug}/members/new/", {"email": email, "role": role}
    )


def test_somebody_new_gets_a_link_to_choose_a_password(admin_client, settings):
    settings.PUBLIC_URL = "http://monitor.example.org"
    admin_client.defaults["HTTP_HOST"] = "monitor.example.org"

    page = text(add(admin_client, "New@example.org"))

    assert "http://monitor.example.org/welcome/" in page
    assert Member.objects.get(user__email="new@example.org").role == "editor"


def test_who_has_a_password_is_a_member_at_once(admin_client):
    user = make_user(password="a long enough secret")

    answer = add(admin_client, user.email)

    assert answer.status_code == 302
    assert Member.objects.filter(user=user, space=admin_client.space).exists()


def test_who_is_in_already_is_not_added_twice(admin_client):
    page = text(add(admin_client, admin_client.user.email))

    assert 'role="alert"' in page
    assert Member.objects.count() == 1


def test_an_invitation_can_be_shown_again(admin_client):
    add(admin_client, "new@example.org")
    member = Member.objects.get(user__email="new@example.org")
    url = f"/s/{admin_client.space.slug}/members/{member.pk}/invitation/"

    first = admin_client.post(url)
    User.objects.get(email="new@example.org").set_password("x")
    member.user.set_password("a long enough secret")
    member.user.save()
    second = admin_client.post(url)

    assert "/welcome/" in text(first)
    assert second.status_code == 302


def test_a_role_is_changed_and_a_member_removed(admin_client):
    member = make_member(admin_client.space, role="viewer")
    url = f"/s/{admin_client.space.slug}/members/{member.pk}/"

    admin_client.post(f"{url}role/", {"role": "editor"})
    member.refresh_from_db()
    role = member.role
    admin_client.post(f"{url}remove/")

    assert role == "editor"
    assert not Member.objects.filter(pk=member.pk).exists()


def test_the_last_administrator_stays(admin_client):
    member = Member.objects.get(user=admin_client.user)
    url = f"/s/{admin_client.space.slug}/members/{member.pk}/"

    lowered = admin_client.post(f"{url}role/", {"role": "viewer"}, follow=True)
    removed = admin_client.post(f"{url}remove/", follow=True)

    member.refresh_from_db()
    assert member.role == "admin"
    assert "the last administrator of a space has to stay" in text(lowered)
    assert "the last administrator of a space has to stay" in text(removed)


def test_the_list_costs_the_same_for_few_or_many(
    admin_client, django_assert_max_num_queries
):
    for _ in range(60):
        make_member(admin_client.space, role="viewer")

    with django_assert_max_num_queries(9):
        page = text(admin_client.get(f"/s/{admin_client.space.slug}/members/"))

    assert page.count("data-row") == 50


def test_members_are_found_by_name_and_address(admin_client):
    make_member(admin_client.space, user=make_user(name="Mei Lin"))

    answer = admin_client.get(f"/s/{admin_client.space.slug}/members/?q=mei")

    assert [str(row.user) for row in answer.context["page"].rows] == ["Mei Lin"]


@pytest.mark.parametrize("role", ["viewer", "responder", "editor"])
def test_only_administrators_keep_members(role):
    client, space = client_of(role)

    assert client.get(f"/s/{space.slug}/members/").status_code == 403
    assert client.post(f"/s/{space.slug}/members/new/").status_code == 403


def test_a_member_of_another_space_is_not_there(admin_client):
    other = make_member()

    answer = admin_client.post(
        f"/s/{admin_client.space.slug}/members/{other.pk}/remove/"
    )

    assert answer.status_code == 404
    assert Member.objects.filter(pk=other.pk).exists()

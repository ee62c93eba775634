import pytest

from bkmonitor.accounts.invitations import accept_invitation, find_invited
from bkmonitor.accounts.models import Member, User
from bkmonitor.lib.errors import NotFound
from tests.api.conftest import as_user
from tests.factories import make_member, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "four plain words here"  # noqa: S105


def add(api, email="ann@example.org", role="viewer", **extra):
    body = {"space": api.space.slug, "email": email, "role": role}
    return api.post("/api/v1/members/", body, **extra)


def uid_and_token(url):
    return url.strip("/").split("/")[-2:]


def test_somebody_new_gets_an_invitation_with_which_they_choose_a_password(
    api, settings
):
    settings.PUBLIC_URL = "https://monitor.example.org"

    body = add(api, "Ann@example.org", HTTP_HOST="monitor.example.org").json()

    assert body["invitation_url"].startswith("https://monitor.example.org/welcome/")
    uid, token = uid_and_token(body["invitation_url"])
    accept_invitation(uid, token, PASSWORD, name="Ann")
    ann = User.objects.get(email="ann@example.org")
    assert ann.check_password(PASSWORD)
    assert ann.name == "Ann"


def test_an_invitation_opens_once(api):
    uid, token = uid_and_token(add(api).json()["invitation_url"])
    accept_invitation(uid, token, PASSWORD)

    with pytest.raises(NotFound):
        accept_invitation(uid, token, PASSWORD)


@pytest.mark.parametrize("uid", ["", "x", "8J-YgA", "MTIz"])
def test_an_invitation_for_nobody_opens_nothing(uid):
    assert find_invited(uid, "c0ffee-123") is None


def test_who_has_a_password_gets_no_invitation(api):
    make_user(email="ann@example.org", password=PASSWORD)

    response = add(api)

    assert (response.status_code, response.json()["invitation_url"]) == (201, "")


def test_an_invitation_is_no_way_into_spaces_that_others_administer(api):
    add(as_user("admin"))

    assert add(api).json()["invitation_url"] == ""


def test_an_invitation_that_was_lost_is_made_again(api):
    member = add(api).json()

    again = api.post(f"/api/v1/members/{member['id']}/invitation/").json()

    assert find_invited(*uid_and_token(again["invitation_url"]))


def test_a_member_twice_is_refused(api):
    add(api)

    assert add(api).status_code == 400


def test_a_role_is_changed(api):
    member = make_member(api.space, role="viewer")

    response = api.patch(f"/api/v1/members/{member.pk}/", {"role": "editor"})

    assert response.json()["role"] == "editor"


@pytest.mark.parametrize("verb", ["patch", "delete"])
def test_the_last_administrator_stays(api, verb):
    member = Member.objects.get(user=api.user)
    path = f"/api/v1/members/{member.pk}/"

    response = (
        api.delete(path) if verb == "delete" else api.patch(path, {"role": "viewer"})
    )

    assert (response.status_code, response.json()["code"]) == (409, "conflict")


def test_members_see_each_other():
    api = as_user("viewer")
    make_member(api.space, role="admin")

    assert len(api.get("/api/v1/members/").json()["results"]) == 2

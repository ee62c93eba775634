import pytest

from bkmonitor.strategies.models import Strategy
from tests.api.conftest import as_user
from tests.api.routes import STRATEGY

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(api):
    made = api.post("/api/v1/strategies/", STRATEGY | {"space": api.space.slug}).json()
    return f"/api/v1/strategies/{made['id']}/"


def test_the_history_tells_who_changed_what(api, url):
    api.patch(url, {"interval_s": 30})

    newest, oldest = api.get(f"{url}revisions/").json()["results"]

    assert (newest["number"], newest["kind"]) == (2, "changed")
    assert (newest["changed"], newest["by"]) == (["interval_s"], str(api.user))
    assert (oldest["kind"], oldest["definition"]["interval_s"]) == ("created", 60)


def test_the_history_comes_in_pages(api, url):
    for interval in (30, 40, 50):
        api.patch(url, {"interval_s": interval})

    first = api.get(f"{url}revisions/?page_size=3").json()
    rest = api.get(first["next"]).json()

    assert [row["number"] for row in first["results"]] == [4, 3, 2]
    assert [row["number"] for row in rest["results"]] == [1]


def test_a_strategy_is_restored(api, url):
    api.patch(url, {"interval_s": 30})

    restored = api.post(f"{url}revisions/1/restore/").json()

    assert restored["interval_s"] == 60
    assert api.get(f"{url}revisions/").json()["results"][0]["restored_from"] == 1


def test_a_revision_that_never_was_is_not_there(api, url):
    assert api.post(f"{url}revisions/9/restore/").status_code == 404


def test_what_is_not_sound_any_more_is_refused_by_field(api, url):
    api.patch(url, {"name": "renamed"})
    api.post("/api/v1/strategies/", STRATEGY | {"space": api.space.slug})

    answer = api.post(f"{url}revisions/1/restore/")

    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["name"]


def test_what_was_deleted_is_listed_and_brought_back(api, url):
    api.delete(url)

    (last,) = api.get("/api/v1/strategies/deleted/").json()["results"]
    history = api.get(f"{url}revisions/").json()["results"]
    api.post(f"{url}revisions/{last['number']}/restore/")

    assert (last["kind"], last["definition"]["name"]) == ("deleted", STRATEGY["name"])
    assert [row["kind"] for row in history] == ["deleted", "created"]
    assert url.endswith(f"/{Strategy.objects.get().pk}/")
    assert api.get("/api/v1/strategies/deleted/").json()["results"] == []


def test_the_history_of_what_was_deleted_is_not_there_for_others(api, url):
    api.delete(url)

    assert as_user().get(f"{url}revisions/").status_code == 404
    assert (
        as_user("viewer", api.space).post(f"{url}revisions/1/restore/").status_code
        == 403
    )

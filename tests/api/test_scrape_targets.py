import pytest

from bkmonitor.metrics.models import ScrapeTarget
from tests.factories import make_scrape_target

pytestmark = pytest.mark.django_db
TARGET = {"name": "Node", "url": "http://127.0.0.1:9100/metrics"}


def test_credentials_are_written_and_never_read(api):
    secrets = {"username": "ann", "password": "open-sesame"}

    made = api.post(
        "/api/v1/scrape-targets/", TARGET | secrets | {"space": api.space.slug}
    )

    shown = api.get(f"/api/v1/scrape-targets/{made.json()['id']}/")
    assert made.status_code == 201
    assert b"open-sesame" not in made.content + shown.content
    assert shown.json()["secrets_given"] == ["password"]


def test_a_change_keeps_the_credentials_it_does_not_name(api):
    target = make_scrape_target(api.space, username="ann", password="open-sesame")  # noqa: S106

    api.patch(f"/api/v1/scrape-targets/{target.pk}/", {"interval_s": 15})

    assert ScrapeTarget.objects.get().password == "open-sesame"  # noqa: S105


def test_a_target_cannot_say_to_which_space_its_samples_belong(api):
    target = make_scrape_target(api.space)

    answer = api.patch(
        f"/api/v1/scrape-targets/{target.pk}/", {"labels": {"space": "other"}}
    )

    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["labels"])


def test_the_health_of_all_targets_of_a_space_is_told_at_once(api):
    on = make_scrape_target(api.space)
    off = make_scrape_target(api.space, enabled=False)
    make_scrape_target()

    known = api.get(f"/api/v1/scrape-targets/health/?space={api.space.slug}").json()

    assert {each["id"]: each["state"] for each in known} == {
        on.pk: "unknown",
        off.pk: "disabled",
    }

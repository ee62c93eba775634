import pytest

from tests.factories import make_composite, make_strategy

pytestmark = pytest.mark.django_db
URL = "/api/v1/strategies/"


@pytest.fixture
def both(api):
    """Return what makes a composite of two strategies of the space."""
    cpu, disk = make_strategy(api.space), make_strategy(api.space)
    return {
        "space": api.space.slug,
        "name": "both",
        "kind": "composite",
        "composite": {
            "members": [
                {"alias": "cpu", "strategy": cpu.pk},
                {"alias": "disk", "strategy": disk.pk},
            ],
            "levels": [{"severity": 1, "condition": "cpu and disk"}],
            "on": ["host"],
            "hold_s": 120,
        },
    }


def test_a_composite_is_made_and_changed(api, both):
    made = api.post(URL, both).json()

    assert (made["kind"], made["composite"]) == ("composite", both["composite"])

    changed = both["composite"] | {"hold_s": 0}
    answer = api.patch(f"{URL}{made['id']}/", {"composite": changed}).json()
    assert answer["composite"]["hold_s"] == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"levels": [{"severity": 1, "condition": "cpu disk"}]}, "composite.levels"),
        ({"members": [{"alias": "cpu", "strategy": 10**9}] * 2}, "composite.members"),
        ({"on": ["a-b"]}, "composite.on"),
        ({"hold_s": -1}, "composite.hold_s"),
    ],
)
def test_what_makes_no_sense_is_refused_by_part(api, both, change, field):
    answer = api.post(URL, both | {"composite": both["composite"] | change})

    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]


def test_composites_do_not_hold_each_other(api, both):
    made = api.post(URL, both).json()
    members = [{"alias": "a", "strategy": made["id"]}]
    levels = [{"severity": 1, "condition": "a"}]

    answer = api.post(
        URL,
        both | {"name": "deeper", "composite": {"members": members, "levels": levels}},
    )

    assert answer.status_code == 400
    assert "is a composite itself" in answer.json()["fields"]["composite.members"]


def test_strategies_are_listed_by_kind(api):
    metric = make_strategy(api.space)
    composite = make_composite({"a": metric}, "a")

    found = api.get(URL, {"kind": "composite"}).json()["results"]

    assert [row["id"] for row in found] == [composite.pk]

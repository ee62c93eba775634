import pytest

from bkmonitor.alerts.models import Alert
from bkmonitor.strategies.models import Strategy
from tests.api.routes import STRATEGY
from tests.factories import (
    make_alert,
    make_calendar,
    make_level,
    make_strategy,
)

pytestmark = pytest.mark.django_db


def test_a_strategy_is_made_with_its_defaults(api):
    made = api.post("/api/v1/strategies/", STRATEGY | {"space": api.space.slug}).json()

    assert (made["interval_s"], made["trigger_window"]) == (60, 1)
    assert made["created_by"] == str(api.user)
    assert made["outcome"] == "never"


def test_a_program_needs_not_name_its_space(program):
    made = program.post("/api/v1/strategies/", STRATEGY).json()

    assert made["space"] == program.space.slug
    assert made["created_by"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"expression": "sum("}, "expression"),
        ({"levels": []}, "levels"),
        ({"levels": [make_level(9, ">", 1)]}, "levels.0.severity"),
        ({"levels": [make_level(1, "~", 1)]}, "levels"),
        ({"levels": [{"severity": 1, "detectors": []}]}, "levels.0.detectors"),
        ({"levels": [make_level(1, ">", 1), make_level(1, "<", 0)]}, "levels"),
        ({"trigger_count": 3, "trigger_window": 2}, "trigger_count"),
        ({"interval_s": 1}, "interval_s"),
        ({"labels": {"a-b": "c"}}, "labels"),
        ({"summary": "{{ value"}, "summary"),
        ({"name": ""}, "name"),
        ({"runbook_url": "javascript:alert(1)"}, "runbook_url"),
        ({"space": "elsewhere"}, "space"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(api, change, field):
    strategy = make_strategy(api.space)

    answer = api.patch(f"/api/v1/strategies/{strategy.pk}/", change)

    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])


def test_disabling_ends_the_alerts_and_enabling_begins_anew(api):
    strategy = make_strategy(api.space)
    make_alert(api.space, source_kind="strategy", source_id=strategy.pk)

    off = api.post(f"/api/v1/strategies/{strategy.pk}/disable/").json()

    assert off["enabled"] is False
    assert Alert.objects.get().end_reason == "source_disabled"
    assert api.post(f"/api/v1/strategies/{strategy.pk}/enable/").json()["enabled"]


def test_removing_ends_the_alerts_with_the_reason(api):
    strategy = make_strategy(api.space)
    make_alert(api.space, source_kind="strategy", source_id=strategy.pk)

    api.delete(f"/api/v1/strategies/{strategy.pk}/")

    assert not Strategy.objects.exists()
    assert Alert.objects.get().end_reason == "source_removed"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["CPU", "Disk"]),
        ("?search=disk", ["Disk"]),
        ("?enabled=false", ["Disk"]),
        ("?outcome=failing", ["CPU"]),
    ],
)
def test_strategies_are_found_by(api, query, names):
    make_strategy(api.space, name="CPU", outcome="failing")
    make_strategy(api.space, name="Disk", enabled=False)

    listed = api.get(f"/api/v1/strategies/{query}").json()["results"]

    assert [row["name"] for row in listed] == names


OFFICE = {
    "timezone": "Europe/Berlin",
    "weekly": [{"days": [1, 2, 3, 4, 5], "start": "08:00", "end": "18:00"}],
}


def test_a_strategy_has_an_active_time(api):
    made = api.post(
        "/api/v1/strategies/",
        STRATEGY | {"space": api.space.slug, "active_time": OFFICE},
    ).json()

    assert made["active_time"] == OFFICE
    url = f"/api/v1/strategies/{made['id']}/"
    assert api.patch(url, {"active_time": None}).json()["active_time"] is None


@pytest.mark.parametrize(
    "active_time",
    [
        "always",
        {},
        OFFICE | {"timezone": "Mars/Olympus"},
        OFFICE | {"wekly": []},
        OFFICE | {"weekly": [{"days": [8], "start": "08:00", "end": "18:00"}]},
        OFFICE | {"calendars": [10**9]},
    ],
)
def test_an_active_time_that_makes_no_sense_is_named(api, active_time):
    answer = api.post(
        "/api/v1/strategies/",
        STRATEGY | {"space": api.space.slug, "active_time": active_time},
    )

    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {"active_time"}


def test_an_active_time_names_calendars_of_its_own_space(api):
    own, other = make_calendar(api.space), make_calendar()
    strategy = make_strategy(api.space)
    url = f"/api/v1/strategies/{strategy.pk}/"

    good = api.patch(url, {"active_time": OFFICE | {"rest_calendars": [own.pk]}})
    bad = api.patch(url, {"active_time": OFFICE | {"rest_calendars": [other.pk]}})

    assert good.status_code == 200
    assert bad.status_code == 400
    assert str(other.pk) in bad.json()["fields"]["active_time"]

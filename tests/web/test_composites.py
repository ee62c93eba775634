"""The pages of composite strategies, and the alerts behind theirs."""

from datetime import timedelta

import pytest

from bkmonitor.strategies.models import Strategy
from tests.factories import NOON, make_alert, make_composite, make_space, make_strategy
from tests.web.clients import client_of, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def members(admin_client):
    space = admin_client.space
    return {
        alias: make_strategy(space, name=name, outcome="complete")
        for alias, name in (("cpu", "CPU is busy"), ("disk", "Disk is full"))
    }


def typed(*members, **fields):
    return {
        "name": "Both",
        "members-alias": [alias for alias, _name in members],
        "members-strategy": [name for _alias, name in members],
        "conditions-severity": ["1", "2", "3"],
        "conditions-text": [fields.pop("condition", "cpu and disk"), "", ""],
        "on": "host, device",
        "hold_s_0": "2",
        "hold_s_1": "60",
        "interval_s_0": "1",
        "interval_s_1": "60",
        "flap_count": "6",
        "flap_window_s_0": "30",
        "flap_window_s_1": "60",
        "enabled": "on",
    } | fields


BOTH = (("cpu", "CPU is busy"), ("disk", "Disk is full"))


def url(client, rest):
    return f"/s/{client.space.slug}/strategies/{rest}"


def firing(strategy, severity=1, **fields):
    labels = fields.get("labels", {"host": "a"})
    return make_alert(
        strategy.space,
        source_id=strategy.pk,
        severity=severity,
        source_name=strategy.name,
        labels=labels,
        **{key: value for key, value in fields.items() if key != "labels"},
    )


def test_a_composite_is_made_by_the_names_of_its_members(admin_client, members):
    answer = admin_client.post(
        url(admin_client, "composite/new/"), typed(*BOTH, ("", ""))
    )

    made = Strategy.objects.get(kind="composite")
    assert answer["Location"] == url(admin_client, f"{made.pk}/")
    assert made.composite == {
        "members": [
            {"alias": alias, "strategy": strategy.pk}
            for alias, strategy in members.items()
        ],
        "levels": [{"severity": 1, "condition": "cpu and disk"}],
        "on": ["host", "device"],
        "hold_s": 120,
    }


def test_when_it_flaps_is_typed_and_shown_again(admin_client, members):
    rule = {"flap_count": "3", "flap_window_s_0": "10"}
    admin_client.post(url(admin_client, "composite/new/"), typed(*BOTH, **rule))

    made = Strategy.objects.get(kind="composite")
    assert (made.flap_count, made.flap_window_s) == (3, 600)
    page = text(admin_client.get(url(admin_client, f"{made.pk}/edit/")))
    assert 'name="flap_count" value="3"' in page
    assert 'name="flap_window_s_0" value="10"' in page


def test_without_a_hold_time_it_counts_at_once(admin_client, members):
    admin_client.post(
        url(admin_client, "composite/new/"), typed(*BOTH, hold_s_0="", on="")
    )

    made = Strategy.objects.get(kind="composite")
    assert (made.composite["hold_s"], made.composite["on"]) == (0, [])


def test_who_has_no_short_name_gets_the_next_letter(admin_client, members):
    rows = (("", "CPU is busy"), ("a", "Disk is full"))

    admin_client.post(
        url(admin_client, "composite/new/"), typed(*rows, condition="a and b")
    )

    made = Strategy.objects.get(kind="composite")
    assert [one["alias"] for one in made.composite["members"]] == ["b", "a"]


@pytest.mark.parametrize(
    ("rows", "fields", "field", "told"),
    [
        ((("cpu", "Nobody"),), {}, "members", "There is no strategy “Nobody”."),
        (BOTH, {"condition": "cpu and"}, "conditions", "at character 8"),
        (BOTH, {"condition": ""}, "conditions", "at least one condition"),
        (BOTH, {"condition": "cpu"}, "conditions", "no condition asks for disk"),
        ((), {}, "members", "needs 1 to 26"),
        (BOTH, {"on": "a-b"}, "on", "is not a label name"),
        ((("a b", "CPU is busy"),), {}, "members", "is no alias"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    admin_client, members, rows, fields, field, told
):
    answer = admin_client.post(
        url(admin_client, "composite/new/"), typed(*rows, **fields)
    )

    assert told in str(answer.context["form"].errors[field])
    assert not Strategy.objects.filter(kind="composite").exists()


def test_the_editor_shows_what_is_stored_and_changes_it(admin_client, members):
    made = make_composite(
        members, "cpu and disk", "cpu or disk", on=["host"], hold_s=120
    )
    page = text(admin_client.get(url(admin_client, f"{made.pk}/edit/")))
    assert 'value="cpu or disk"' in page
    assert 'value="Disk is full"' in page
    assert 'name="on" value="host"' in page

    admin_client.post(
        url(admin_client, f"{made.pk}/edit/"), typed(*BOTH, condition="cpu or disk")
    )

    made.refresh_from_db()
    levels = [{"severity": 1, "condition": "cpu or disk"}]
    assert (made.name, made.composite["levels"]) == ("Both", levels)


def check(client, *rows, **fields):
    return text(client.post(url(client, "composite/check/"), typed(*rows, **fields)))


def test_the_check_says_what_it_comes_to_now(admin_client, members):
    for strategy in members.values():
        firing(strategy)

    page = check(admin_client, *BOTH, name="")

    assert "Firing: 1 of 1." in page
    assert "cpu, disk" in page


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"condition": "cpu or or disk"}, "at character 8: an alias has to stand here"),
        ({"condition": "not cpu or disk"}, "It holds while no member fires"),
    ],
)
def test_the_check_says_what_is_wrong_while_one_types(
    admin_client, members, fields, told
):
    assert told in check(admin_client, *BOTH, **fields)


def test_the_check_waits_for_something_to_check(admin_client):
    assert "Nothing to check yet" in check(admin_client, condition="")


def test_composites_are_no_members(admin_client, members):
    make_composite(members, "cpu and disk", name="Deeper")

    page = check(admin_client, ("a", "Deeper"), condition="a")

    assert "is a composite itself" in page


def test_strategies_are_found_by_a_part_of_their_name(admin_client, members):
    make_composite(members, "cpu and disk", name="Disk and CPU")
    make_strategy(make_space(), name="Disk of others")

    answer = admin_client.get(
        url(admin_client, "composite/names/"), {"members-strategy": "disk"}
    )

    assert answer.context["names"][:] == ["Disk is full"]


def test_its_page_shows_members_and_combinations(admin_client, members):
    made = make_composite(members, "cpu and disk", "cpu", on=["host"], name="Both")
    firing(members["cpu"], labels={"host": "web-1"})

    page = text(admin_client.get(url(admin_client, f"{made.pk}/")))

    assert "CPU is busy" in page
    assert "Disk is full" in page
    assert "Firing: 1 of 1." in page
    assert "host=web-1" in page


def test_members_that_are_off_or_gone_say_so(admin_client, members):
    made = make_composite(members, "cpu and disk", name="Both")
    members["cpu"].delete()
    Strategy.objects.filter(pk=members["disk"].pk).update(enabled=False)

    page = text(admin_client.get(url(admin_client, f"{made.pk}/")))

    assert "Deleted" in page
    assert "Off" in page


def test_the_list_shows_its_conditions(admin_client, members):
    make_composite(members, "cpu and disk", name="Both")

    assert "cpu and disk" in text(admin_client.get(url(admin_client, "")))


def test_viewers_look_and_do_not_change(admin_client, members):
    made = make_composite(members, "cpu and disk")
    viewer, space = client_of("viewer", admin_client.space)
    page = f"/s/{space.slug}/strategies/{made.pk}/"

    assert viewer.get(page).status_code == 200
    assert viewer.get(f"{page}edit/").status_code == 403


def test_its_alert_leads_to_the_alerts_behind_it(admin_client, members):
    made = make_composite(members, "cpu and disk", on=["host"])
    alert = firing(made, labels={"host": "a"}, started_at=NOON)
    long_over = NOON - timedelta(hours=1)
    behind = [
        firing(members["cpu"], labels={"host": "a", "core": "1"}),
        firing(members["disk"], labels={"mount": "/"}),
    ]
    others = [
        firing(members["cpu"], labels={"host": "b"}),
        firing(members["disk"], state="resolved", started_at=long_over, ended_at=long_over),
        firing(make_strategy(made.space)),
    ]  # fmt: skip

    answer = admin_client.get(f"/s/{made.space.slug}/alerts/{alert.pk}/")

    assert {one.pk for one in answer.context["behind"]} == {one.pk for one in behind}
    assert "Alerts behind it" in text(answer)
    assert all(f"/alerts/{one.pk}/" not in text(answer) for one in others)


def test_other_alerts_have_nothing_behind_them(admin_client, members):
    alert = firing(members["cpu"])

    page = admin_client.get(f"/s/{alert.space.slug}/alerts/{alert.pk}/")

    assert "Alerts behind it" not in text(page)

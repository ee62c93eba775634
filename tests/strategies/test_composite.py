from datetime import timedelta

import pytest

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.composite import parse_composite, read_condition
from bkmonitor.strategies.condition import And, Level, Member
from bkmonitor.strategies.models import Strategy
from bkmonitor.strategies.services import save_strategy, wake_composites
from tests.factories import NOON, make_composite, make_space, make_strategy

pytestmark = pytest.mark.django_db
A, B = {"alias": "a", "strategy": 1}, {"alias": "b", "strategy": 2}
BOTH = {"severity": 1, "condition": "a and b"}
SOUND = {"members": [A, B], "levels": [BOTH], "on": ["host"], "hold_s": 60}


def test_what_a_row_says_is_read():
    composite = parse_composite(SOUND)

    assert composite.members == {"a": 1, "b": 2}
    assert composite.levels == (Level(1, And((Member("a"), Member("b"))), "a and b"),)
    assert (composite.on, composite.hold_s) == (("host",), 60)


def test_labels_and_hold_time_may_be_left_out():
    composite = parse_composite({"members": [A, B], "levels": [BOTH]})

    assert (composite.on, composite.hold_s) == ((), 0)


def level(text, severity=1):
    return {"severity": severity, "condition": text}


@pytest.mark.parametrize(
    ("change", "part", "told"),
    [
        ({"members": []}, "members", "1 to 26"),
        ({"members": [A, A]}, "members", "“a” stands twice"),
        ({"members": [{"alias": "A", "strategy": 1}]}, "members", "“A” is no alias"),
        ({"members": [{"alias": "or", "strategy": 1}]}, "members", "“or” is no alias"),
        ({"members": [{"alias": "a", "strategy": "x"}]}, "members", "its number"),
        ({"members": [{"alias": "a"}]}, "members", "an alias and a strategy"),
        ({"levels": []}, "levels", "at least one condition"),
        ({"levels": [level("a and b", 4)]}, "levels", "1, 2 or 3"),
        ({"levels": [BOTH, level("a or b")]}, "levels", "stand there once"),
        ({"levels": [level("a b")]}, "levels", "at character 3: “and” or “or” has to stand before “b”"),
        ({"levels": [level("a and c or b")]}, "levels", "no strategy has the alias c"),
        ({"levels": [level("a")]}, "levels", "no condition asks for b"),
        ({"levels": [level("not a or b")]}, "levels", "It holds while no member fires"),
        ({"on": ["a-b"]}, "on", "“a-b” is not a label name"),
        ({"on": "host"}, "on", "a list of label names"),
        ({"hold_s": -1}, "hold_s", "from 0 to 86400"),
        ({"hold_s": True}, "hold_s", "from 0 to 86400"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_of_each_part(change, part, told):
    with pytest.raises(InvalidInput) as error:
        parse_composite(SOUND | change)

    assert list(error.value.fields) == [f"composite.{part}"]
    assert told in error.value.fields[f"composite.{part}"]


@pytest.mark.parametrize("raw", [None, [], "x", {"colour": "red"}])
def test_what_is_no_composite_at_all_is_refused(raw):
    with pytest.raises(InvalidInput) as error:
        parse_composite(raw)

    assert list(error.value.fields) == ["composite"]


def test_without_labels_it_may_hold_of_nothing():
    assert parse_composite(SOUND | {"on": [], "levels": [level("not (a or b)")]})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a &", "at character 3: “&” means nothing here"),
        ("a and", "at character 6: an alias has to stand here"),
        ("(a or b", "at character 1: this bracket is never closed"),
        ("a.bad", "at character 3: behind a dot stands critical, warning, info or no_data"),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_said_in_words_with_its_place(text, told):
    with pytest.raises(ValueError, match="character") as error:
        read_condition(text)

    assert str(error.value) == told


def save(space, composite, **fields):
    fields = {"name": "both", "kind": "composite", "composite": composite} | fields
    return save_strategy(space, fields, by=None, now=NOON)


def with_members(*strategies):
    members = [
        {"alias": alias, "strategy": one.pk}
        for alias, one in zip("ab", strategies, strict=True)
    ]
    return SOUND | {"members": members}


def test_a_composite_is_saved_and_due_at_once():
    space = make_space()

    saved = save(space, with_members(make_strategy(space), make_strategy(space)))

    assert (saved.kind, saved.next_run_at) == ("composite", NOON)


@pytest.mark.parametrize(
    ("second", "told"),
    [
        (lambda space: make_strategy(), "there is no strategy"),
        (lambda space: make_composite({"a": make_strategy(space)}, "a"), "is a composite itself"),
    ],
)  # fmt: skip
def test_members_are_strategies_of_the_space_and_no_composites(second, told):
    space = make_space()

    with pytest.raises(InvalidInput) as error:
        save(space, with_members(make_strategy(space), second(space)))

    assert told in error.value.fields["composite.members"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"expression": "up"}, "expression"),
        ({"labels": {"host": "a"}}, "labels"),
        ({"kind": "metric", "expression": "up"}, "composite"),
    ],
)
def test_a_composite_has_nothing_of_the_other_kind(fields, field):
    space = make_space()

    with pytest.raises(InvalidInput) as error:
        save(space, with_members(make_strategy(space), make_strategy(space)), **fields)

    assert field in error.value.fields


def test_a_strategy_stays_of_the_kind_it_was_made():
    member = make_strategy()
    composite = SOUND | {"members": [{"alias": "a", "strategy": member.pk}]}
    composite |= {"levels": [level("a")]}
    fields = {
        "kind": "composite",
        "expression": "",
        "levels": [],
        "composite": composite,
    }

    with pytest.raises(InvalidInput) as error:
        save_strategy(member.space, fields, by=None, now=NOON, strategy=member)

    assert list(error.value.fields) == ["kind"]


def test_another_condition_makes_alerts_of_the_former_mean_nothing():
    space = make_space()
    raw = with_members(make_strategy(space), make_strategy(space))
    saved = save(space, raw)

    fields = {"composite": raw | {"on": []}}
    save_strategy(space, fields, by=None, now=NOON, strategy=saved)

    assert Strategy.objects.get(pk=saved.pk).changed_at == NOON


def test_only_composites_of_a_member_are_woken():
    member, other = make_strategy(), make_strategy()
    later = NOON + timedelta(minutes=1)
    mine = make_composite({"a": member}, "a", next_run_at=later)
    off = make_composite({"a": member}, "a", next_run_at=later, enabled=False)
    make_composite({"a": other}, "a", next_run_at=later)

    wake_composites([member.pk], NOON)

    due = Strategy.objects.filter(kind="composite", next_run_at=NOON)
    assert [one.pk for one in due] == [mine.pk]
    assert off.next_run_at == later

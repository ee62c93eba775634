from datetime import timedelta

import pytest

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.models import Strategy, StrategyRevision
from bkmonitor.strategies.revisions import deleted, history_of
from bkmonitor.strategies.services import (
    EDITABLE,
    delete_strategy,
    restore_strategy,
    save_strategy,
)
from tests.factories import NOON, make_member, make_space, make_strategy, make_user

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)
LOAD = {
    "name": "load",
    "expression": "load",
    "levels": [
        {
            "severity": 1,
            "detectors": [
                {"kind": "threshold", "any_of": [[{"operator": ">", "value": 4.0}]]}
            ],
        }
    ],
}


def save(strategy=None, *, by=None, now=NOON, **fields):
    space = strategy.space if strategy else make_space()
    fields = fields if strategy else LOAD | fields
    return save_strategy(space, fields, by=by, now=now, strategy=strategy)


def told(strategy_id):
    rows = StrategyRevision.objects.filter(strategy_id=strategy_id).order_by("number")
    return [(row.number, row.kind, row.changed) for row in rows]


def revision(strategy_id, number):
    return StrategyRevision.objects.get(strategy_id=strategy_id, number=number)


def test_a_save_is_remembered_with_who_when_and_all_of_it():
    person = make_user()

    strategy = save(by=person)

    made = StrategyRevision.objects.get()
    assert (made.strategy_id, made.number, made.kind) == (strategy.pk, 1, "created")
    assert (made.by, made.at, made.space) == (person, NOON, strategy.space)
    assert made.definition == {name: getattr(strategy, name) for name in EDITABLE}


def test_a_change_names_the_fields_that_differ():
    strategy = save()

    save(strategy, now=LATER, name="Load", interval_s=30, trigger_count=1)

    assert told(strategy.pk)[1:] == [(2, "changed", ["name", "interval_s"])]


def test_a_save_that_changes_nothing_is_not_remembered():
    strategy = save()

    save(strategy, **LOAD)

    assert len(told(strategy.pk)) == 1


def test_what_is_not_sound_is_neither_stored_nor_remembered():
    strategy = save()

    with pytest.raises(InvalidInput):
        save(strategy, expression="load >")

    assert len(told(strategy.pk)) == 1


def test_the_history_of_what_is_older_begins_with_what_it_was():
    strategy = make_strategy(name="old", created_by=make_user())

    save(strategy, now=LATER, name="renamed")

    first = revision(strategy.pk, 1)
    assert (first.kind, first.definition["name"]) == ("created", "old")
    assert (first.by, first.at) == (strategy.created_by, strategy.created_at)
    assert told(strategy.pk)[1:] == [(2, "changed", ["name"])]


def test_two_who_change_different_fields_at_once_lose_neither():
    save(strategy := save())
    mine, theirs = (Strategy.objects.get(pk=strategy.pk) for _ in range(2))

    save(mine, interval_s=30)
    save(theirs, summary="hot")

    assert [changed for _n, _k, changed in told(strategy.pk)[1:]] == [
        ["interval_s"],
        ["summary"],
    ]
    stored = Strategy.objects.get(pk=strategy.pk)
    assert (stored.interval_s, stored.summary) == (30, "hot")


def test_what_was_can_be_restored_and_that_is_a_revision_of_its_own():
    strategy = save()
    save(strategy, now=LATER, expression="load5", summary="{{ value }}")

    restored = restore_strategy(revision(strategy.pk, 1), by=None, now=LATER)

    assert (restored.expression, restored.summary) == ("load", "")
    assert restored.changed_at == LATER
    assert told(strategy.pk)[2] == (3, "restored", ["expression", "summary"])
    assert revision(strategy.pk, 3).restored_from == 1


def test_what_a_revision_does_not_know_is_as_in_a_new_strategy():
    strategy = save()
    old = revision(strategy.pk, 1)
    del old.definition["recovery_window"]
    old.save()
    save(strategy, recovery_window=7, name="later")

    restored = restore_strategy(revision(strategy.pk, 1), by=None, now=LATER)

    assert (restored.name, restored.recovery_window) == ("load", 1)


@pytest.mark.parametrize("change", [{"expression": "load >"}, {"colour": "red"}])
def test_what_is_not_sound_any_more_is_refused(change):
    strategy = save()
    old = revision(strategy.pk, 1)
    old.definition |= change
    old.save()
    save(strategy, name="later")

    with pytest.raises(InvalidInput):
        restore_strategy(revision(strategy.pk, 1), by=None, now=LATER)

    assert Strategy.objects.get().name == "later"


def test_what_was_deleted_comes_back_under_its_own_id():
    strategy = save()
    pk = strategy.pk
    delete_strategy(strategy, by=None, now=NOON)

    restored = restore_strategy(revision(pk, 2), by=None, now=LATER)

    assert (restored.pk, Strategy.objects.get().expression) == (pk, "load")
    kinds = [kind for _number, kind, _changed in told(pk)]
    assert kinds == ["created", "deleted", "restored"]


def test_what_is_deleted_is_listed_until_it_is_back():
    member = make_member()
    strategy = save_strategy(member.space, LOAD, by=member.user, now=NOON)
    pk = strategy.pk

    def listed():
        return [row.strategy_id for row in deleted(member.user)]

    delete_strategy(strategy, by=member.user, now=NOON)
    assert listed() == [pk]

    restore_strategy(history_of(pk, member.user)[0], by=None, now=LATER)
    assert listed() == []


def test_a_history_is_seen_by_the_members_of_its_space_alone():
    strategy = save()

    assert history_of(strategy.pk, make_member(strategy.space).user).count() == 1
    assert not history_of(strategy.pk, make_member().user).exists()

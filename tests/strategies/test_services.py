from datetime import timedelta

import pytest

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.models import Strategy
from bkmonitor.strategies.services import (
    Evaluated,
    claim_due,
    note_evaluated,
    note_failing,
    save_strategy,
)
from tests.factories import NOON, make_level, make_space, make_strategy

DELAY = timedelta(seconds=3)
pytestmark = pytest.mark.django_db
HOT = {
    "name": "hot",
    "expression": "cpu > 90",
    "levels": [{"severity": 1, "detectors": [{"kind": "present"}]}],
}
CALM = HOT | {"expression": "cpu", "levels": [make_level(1, ">", 90)]}


def test_a_strategy_is_due_as_soon_as_it_is_saved():
    strategy = save_strategy(make_space(), HOT, by=None, now=NOON)

    assert strategy.filters
    assert [claim.ids for claim in claim_due(NOON)] == [(strategy.pk,)]


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_written():
    fields = {
        "name": "x",
        "expression": "cpu >",
        "levels": [],
        "trigger_count": 3,
        "trigger_window": 2,
        "summary": "{{ value",
        "labels": {"0": "x"},
    }

    with pytest.raises(InvalidInput) as error:
        save_strategy(make_space(), fields, by=None, now=NOON)

    assert set(error.value.fields) == {
        "expression", "levels", "trigger_count", "summary", "labels",
    }  # fmt: skip
    assert not Strategy.objects.exists()


def test_a_level_that_could_never_fire_is_refused():
    level = HOT["levels"][0] | {"trigger": {"count": 3, "window": 2, "recovery": 1}}

    with pytest.raises(InvalidInput) as error:
        save_strategy(make_space(), HOT | {"levels": [level]}, by=None, now=NOON)

    assert "not 3 of 2" in error.value.fields["levels"]


def test_where_being_there_is_the_problem_being_absent_is_normal():
    there = save_strategy(make_space(), HOT | {"expression": "cpu"}, by=None, now=NOON)

    assert there.filters


def test_what_an_evaluation_notes_while_a_person_edits_is_kept():
    strategy = make_strategy()
    note_failing(Strategy.objects.get(), at=NOON, reason="no answer", now=NOON)

    save_strategy(strategy.space, {"name": "x"}, by=None, now=NOON, strategy=strategy)

    stored = Strategy.objects.get()
    assert (stored.name, stored.outcome, stored.failing_since) == ("x", "failing", NOON)


def test_a_name_is_taken_once_per_space():
    space = make_space()
    save_strategy(space, HOT, by=None, now=NOON)

    with pytest.raises(InvalidInput) as error:
        save_strategy(space, HOT, by=None, now=NOON)

    assert "name" in error.value.fields


def test_a_claim_is_made_once_until_the_next_tick():
    make_strategy(interval_s=60)

    first, again = claim_due(NOON + DELAY), claim_due(NOON + timedelta(seconds=59))
    after = claim_due(NOON + timedelta(seconds=60) + DELAY)

    assert [claim.tick for claim in first] == [int(NOON.timestamp())]
    assert again == []
    assert [claim.tick for claim in after] == [int(NOON.timestamp()) + 60]


def test_who_was_away_for_an_hour_evaluates_once():
    make_strategy(interval_s=60)
    claim_due(NOON)

    claims = claim_due(NOON + timedelta(hours=1) + DELAY)

    assert [claim.tick for claim in claims] == [int(NOON.timestamp()) + 3600]


def test_strategies_of_one_expression_are_claimed_together():
    space = make_space()
    for number in range(5):
        for expression in ("cpu", "mem", "disk"):
            make_strategy(space, name=f"{expression} {number}", expression=expression)

    claims = claim_due(NOON, batch=4)

    of = dict(Strategy.objects.values_list("pk", "expression"))
    assert [{of[pk] for pk in claim.ids} for claim in claims] == [
        {"cpu"},
        {"disk"},
        {"mem"},
    ]
    assert sum(len(claim.ids) for claim in claims) == 15


def test_those_that_nobody_else_asks_for_are_claimed_in_portions():
    space = make_space()
    for number in range(5):
        make_strategy(space, name=str(number), expression=f"cpu{number}")

    claims = claim_due(NOON, batch=2)

    assert [len(claim.ids) for claim in claims] == [2, 2, 1]


def test_changes_are_counted_within_some_time():
    with pytest.raises(InvalidInput) as error:
        save_strategy(
            make_space(),
            {**HOT, "flap_count": 4, "flap_window_s": 0},
            by=None,
            now=NOON,
        )

    assert set(error.value.fields) == {"flap_window_s"}


def test_what_could_not_be_judged_is_tried_again_in_a_minute_at_the_same_tick():
    strategy = make_strategy(interval_s=3600)
    claim_due(NOON + DELAY)
    note_failing(strategy, at=NOON, reason="no answer", now=NOON)

    early = claim_due(NOON + timedelta(seconds=59))
    again = claim_due(NOON + timedelta(seconds=60))

    assert early == []
    assert [claim.tick for claim in again] == [int(NOON.timestamp())]


def test_a_tick_is_evaluated_when_its_samples_have_settled():
    make_strategy(interval_s=60, delay_s=8)

    (claim,) = claim_due(NOON + timedelta(seconds=7))

    assert claim.tick == int(NOON.timestamp()) - 60


def test_a_disabled_strategy_is_never_due():
    make_strategy(enabled=False)

    assert claim_due(NOON) == []


def test_failing_keeps_its_beginning_and_success_ends_it():
    strategy = make_strategy()
    note_failing(strategy, at=NOON, reason="no answer", now=NOON)
    later = NOON + timedelta(minutes=1)
    note_failing(strategy, at=later, reason="no answer still", now=later)
    strategy.refresh_from_db()

    assert (strategy.failing_since, strategy.outcome_reason) == (
        NOON,
        "no answer still",
    )

    done = Evaluated(strategy, {"normal": 5, "gap": 2}, skipped=3)
    note_evaluated([done], at=NOON + timedelta(minutes=2))
    strategy.refresh_from_db()

    assert (strategy.outcome, strategy.failing_since) == ("complete", None)
    assert (strategy.series_count, strategy.skipped_ticks) == (7, 3)
    assert strategy.counts == {"normal": 5, "gap": 2}


def test_another_expression_is_noted_with_its_moment_and_other_changes_are_not():
    strategy = save_strategy(make_space(), HOT, by=None, now=NOON)

    save_strategy(
        strategy.space, {"name": "warm"}, by=None, now=NOON, strategy=strategy
    )
    assert strategy.changed_at is None

    fields = {"expression": "cpu > 80"}
    save_strategy(strategy.space, fields, by=None, now=NOON, strategy=strategy)
    assert strategy.changed_at == NOON


@pytest.mark.parametrize(("after", "forget_s"), [(5, 240), (60, 3599)])
def test_what_is_forgotten_before_it_is_missed_is_refused(after, forget_s):
    policy = {"policy": "series", "after": after, "forget_s": forget_s}

    with pytest.raises(InvalidInput, match=f"{forget_s} seconds.*{after * 60} seconds"):
        save_strategy(make_space(), CALM | {"no_data": policy}, by=None, now=NOON)


def test_who_ignores_missing_data_may_forget_as_soon_as_he_likes():
    policy = {"policy": "ignore", "after": 5, "forget_s": 60}

    saved = save_strategy(make_space(), CALM | {"no_data": policy}, by=None, now=NOON)

    assert saved.no_data == policy

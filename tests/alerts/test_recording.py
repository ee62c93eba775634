"""Verdicts of several moments: late data, what was missed, and series that flap."""

from datetime import timedelta

import numpy as np
import pytest

from bkmonitor.alerts.models import Alert, Note, Transition
from bkmonitor.alerts.services import record
from bkmonitor.evaluation.levels import FIRES, HOLDS, OVER
from bkmonitor.evaluation.memory import NO_FLAP, Flap
from bkmonitor.evaluation.verdict import ENDS, Sentence, Source, Told, Verdicts
from tests.factories import NOON, make_space

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
SAID = {
    "1": [FIRES, FIRES, FIRES], "2": [OVER, FIRES, FIRES], "3": [OVER, OVER, FIRES],
    "H": [HOLDS, HOLDS, HOLDS], "h": [HOLDS, FIRES, FIRES], ".": [OVER, OVER, OVER],
}  # fmt: skip


@pytest.fixture
def source():
    return Source("strategy", 7, "hot", make_space().pk)


def say(source, first, *, flap=NO_FLAP, **hosts):
    """Judge minutes, the first of them `first`, each a letter per host."""
    length = len(next(iter(hosts.values())))
    return record(
        [
            Verdicts(
                source=source,
                moments=[NOON + (first + at) * MINUTE for at in range(length)],
                labels=[{"host": host} for host in hosts],
                states=np.array(
                    [[SAID[letter] for letter in line] for line in hosts.values()],
                    dtype=np.int8,
                ),
                tell=lambda _row, moment, _severity: Told(
                    float(moment), Sentence("any", {"value": moment})
                ),
                absent=ENDS,
                flap=flap,
            )
        ]
    )


def story():
    """Each change as (kind, severity, minute)."""
    return [
        (change.kind, change.severity, int((change.at - NOON).total_seconds() // 60))
        for change in Transition.objects.order_by("at", "pk")
    ]


def test_what_was_missed_is_told_as_it_was(source):
    say(source, 0, a=".")

    say(source, 1, a=".2212..")

    assert story() == [
        ("fired", 2, 2),
        ("worsened", 1, 4),
        ("eased", 2, 5),
        ("resolved", 2, 6),
    ]
    assert Alert.objects.get().state == "resolved"


def test_two_problems_that_were_missed_are_two_alerts(source):
    say(source, 0, a=".")

    say(source, 1, a="1..1")

    assert story() == [("fired", 1, 1), ("resolved", 1, 2), ("fired", 1, 4)]
    assert [alert.state for alert in Alert.objects.order_by("pk")] == [
        "resolved",
        "firing",
    ]


def test_a_problem_that_ended_and_began_again_meanwhile_is_another_alert(source):
    say(source, 0, a="1")

    say(source, 1, a="..1")

    assert story() == [("fired", 1, 0), ("resolved", 1, 1), ("fired", 1, 3)]
    assert [alert.state for alert in Alert.objects.order_by("pk")] == [
        "resolved",
        "firing",
    ]


def test_a_sample_that_came_late_opens_what_it_shows(source):
    say(source, 0, a=".")
    say(source, 1, a=".")

    say(source, 1, a="11")

    assert story() == [("fired", 1, 1)]


def test_a_problem_that_came_late_and_is_over_is_told_too(source):
    say(source, 0, a=".")
    say(source, 1, a=".")

    say(source, 1, a="1.")

    assert story() == [("fired", 1, 1), ("resolved", 1, 2)]


def test_what_was_told_is_not_told_again_when_it_is_judged_again(source):
    say(source, 0, a=".1")
    say(source, 1, a="1.")

    say(source, 1, a="1..")
    say(source, 1, a="1...")

    assert story() == [("fired", 1, 1), ("resolved", 1, 2)]


def test_a_problem_that_late_samples_take_back_ends_now(source):
    say(source, 0, a=".1")

    say(source, 1, a="..")

    assert story() == [("fired", 1, 1), ("resolved", 1, 2)]


def test_an_end_that_late_samples_take_back_is_a_new_problem(source):
    say(source, 0, a=".1.")

    say(source, 2, a="11")

    assert story() == [("fired", 1, 1), ("resolved", 1, 2), ("fired", 1, 3)]


def test_what_holds_across_a_stop_stays(source):
    say(source, 0, a="2")

    say(source, 1, a="HHH2")

    assert story() == [("fired", 2, 0)]


def test_a_series_that_flaps_is_held_and_says_so(source):
    flap = Flap(count=4, window_s=600)
    for minute, letter in enumerate("1.1.1.1."):
        say(source, minute, flap=flap, a=letter)

    alert = Alert.objects.get(state="firing")
    assert story() == [("fired", 1, 0), ("resolved", 1, 1), ("fired", 1, 2)]
    assert alert.calm_since == NOON + 7 * MINUTE
    assert list(Note.objects.values_list("kind", flat=True)) == ["flapping"] * 3


def test_it_ends_when_it_has_been_calm_for_long_enough(source):
    flap = Flap(count=4, window_s=300)
    for minute, letter in enumerate("1.1......."):
        say(source, minute, flap=flap, a=letter)

    assert story()[-1] == ("resolved", 1, 5)


def test_a_flapping_series_that_a_filter_drops_is_held_as_well(source):
    flap = Flap(count=4, window_s=600)
    for minute, letter in enumerate("1.1"):
        say(source, minute, flap=flap, a=letter)

    say(source, 3, flap=flap, b=".")

    assert Alert.objects.get(state="firing").calm_since == NOON + 3 * MINUTE


def test_a_crowd_that_goes_on_is_not_written_again_at_every_tick(
    source, django_assert_max_num_queries
):
    hosts = {f"h{n}": "1" for n in range(1000)}
    say(source, 0, **hosts)

    with django_assert_max_num_queries(8):
        say(source, 1, **hosts)

    assert Transition.objects.count() == 1000


def test_what_is_held_for_flapping_is_known_to_be_over(source):
    flap = Flap(count=2, window_s=600)
    for minute, letter in enumerate("1.h"):
        say(source, minute, flap=flap, a=letter)

    # The critical level was over, so that it cannot hold now what warns anew.
    assert story() == [("fired", 1, 0), ("eased", 2, 2)]


def test_an_end_and_a_new_problem_in_one_evaluation_are_two_alerts(source):
    say(source, 0, a="1")

    say(source, 1, a=".1")

    assert story() == [("fired", 1, 0), ("resolved", 1, 1), ("fired", 1, 2)]


def test_an_end_that_came_late_is_dated_back(source):
    say(source, 0, a="1H")

    say(source, 1, a="..")

    assert story() == [("fired", 1, 0), ("resolved", 1, 1)]

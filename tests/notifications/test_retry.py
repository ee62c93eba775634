import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.notifications.retry import (
    JITTER,
    LONGEST_S,
    MOST_PATIENCE_S,
    MOST_TRIES,
    PAUSE_S,
    delay_s,
    pause_s,
)

ANY_NUMBER = st.floats(allow_nan=True, allow_infinity=True)


@pytest.mark.parametrize(
    ("tries", "about"), [(1, 5), (2, 10), (3, 20), (9, 1280), (10, 1800), (19, 1800)]
)
def test_the_wait_doubles_up_to_half_an_hour(tries, about):
    wait = delay_s(tries, key="k")

    assert wait == pytest.approx(about, rel=JITTER)


def test_the_same_notification_has_the_same_times_and_another_has_others():
    assert delay_s(3, key="one") == delay_s(3, key="one")
    assert delay_s(3, key="one") != delay_s(3, key="other")


def test_a_permanent_refusal_ends_it_at_once():
    assert delay_s(1, key="k", permanent=True, retry_after_s=5) is None


def test_the_last_try_has_no_next():
    assert delay_s(MOST_TRIES, key="k") is None


def test_a_wait_that_the_provider_asked_for_is_kept():
    assert delay_s(1, key="k", retry_after_s=120) == 120


def test_a_provider_cannot_ask_for_a_year():
    assert delay_s(1, key="k", retry_after_s=3e7) == MOST_PATIENCE_S


def test_all_tries_reach_over_more_than_the_four_hours_of_a_repeat():
    total = sum(delay_s(tries, key="k") or 0 for tries in range(1, MOST_TRIES))

    assert total > 4.5 * 3600


@given(st.integers(-5, 10**9), st.text(), st.booleans(), st.none() | ANY_NUMBER)
def test_the_wait_is_positive_finite_and_bounded_whatever_is_asked(
    tries, key, permanent, retry_after_s
):
    wait = delay_s(tries, key=key, permanent=permanent, retry_after_s=retry_after_s)

    assert wait is None or 0 < wait <= max(MOST_PATIENCE_S, LONGEST_S * (1 + JITTER))
    assert wait is None or math.isfinite(wait)


@pytest.mark.parametrize(
    ("took_s", "retry_after_s", "pause"),
    [
        (0.2, None, 0),
        (15.0, None, PAUSE_S),
        (0.2, 120.0, 120),
        (15.0, 5.0, PAUSE_S),
        (0.2, 3e7, MOST_PATIENCE_S),
        (0.2, -1.0, 0),
        (0.2, math.nan, 0),
    ],
)
def test_a_receiver_that_holds_workers_or_asks_for_patience_gets_a_pause(
    took_s, retry_after_s, pause
):
    assert pause_s(took_s, retry_after_s) == pause

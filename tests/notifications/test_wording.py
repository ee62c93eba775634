import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.notifications import wording
from bkmonitor.notifications.wording import (
    duration,
    moment,
    number,
    reason_word,
    severity_word,
)

PACKAGE = Path(wording.__file__).resolve().parents[1]
ANY_NUMBER = st.floats(allow_nan=True, allow_infinity=True) | st.integers() | st.none()
ANYTHING = ANY_NUMBER | st.text() | st.booleans() | st.lists(st.integers())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0, "0"),
        (-0.0, "0"),
        (90.0, "90"),
        (95.5, "95.5"),
        (0.1 + 0.2, "0.3"),
        (2 / 3, "0.666667"),
        (1e6, "1000000"),
        (1234567.891, "1234567.89"),
        (999999.9999, "1000000"),
        (123456789012345.0, "123456789012345"),
        (1.5e18, "1.5e18"),
        (0.000012, "0.000012"),
        (1.5e-9, "1.5e-9"),
        (-12.50, "-12.5"),
        (math.nan, "no value"),
        (None, "no value"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
        ("NaN", "no value"),
        ("+Inf", "∞"),
        ("many", "many"),
        (10**400, str(10**400)),
    ],
)
def test_a_number_is_short_and_true(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "less than a second"),
        (0.4, "less than a second"),
        (-5, "less than a second"),
        (1, "1 second"),
        (90, "1 minute 30 seconds"),
        (3600, "1 hour"),
        (3605, "1 hour"),
        (3900, "1 hour 5 minutes"),
        (4 * 3600, "4 hours"),
        (86400 * 3 + 4 * 3600 + 50, "3 days 4 hours"),
        (timedelta(minutes=14), "14 minutes"),
        (None, "an unknown time"),
        (math.nan, "an unknown time"),
        (math.inf, "an unknown time"),
    ],
)
def test_a_duration_has_the_two_units_that_matter(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "2 Mar 2026, 12:00:00 UTC"),
        ("Asia/Shanghai", "2 Mar 2026, 20:00:00 UTC+8"),
        ("Asia/Kolkata", "2 Mar 2026, 17:30:00 UTC+5:30"),
        ("America/St_Johns", "2 Mar 2026, 08:30:00 UTC-3:30"),
    ],
)
def test_a_moment_is_told_in_the_readers_zone(zone, text):
    with timezone.override(zone):
        assert moment("2026-03-02T12:00:00+00:00") == text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (None, "never"),
        ("soon", "soon"),
        ("2026-03-02T12:00:00Z", "2 Mar 2026, 12:00:00 UTC"),
        ("2026-03-02T12:00:00", "2 Mar 2026, 12:00:00 UTC"),
        (datetime.max.replace(tzinfo=UTC), "31 Dec 9999, 23:59:59 UTC"),
    ],
)
def test_a_moment_of_any_form_is_told(at, text):
    assert moment(at) == text


def test_words_of_severities_and_reasons(chinese):
    assert [severity_word(severity) for severity in (1, 2, 3)] == [
        "致命",
        "预警",
        "提醒",
    ]
    assert reason_word("repeat") == "仍在告警"
    assert reason_word("unheard") == "unheard"


@given(ANYTHING, ANYTHING, st.datetimes(timezones=st.timezones()))
def test_numbers_durations_and_moments_never_raise(value, length, at):
    with timezone.override("Asia/Kathmandu"):
        assert number(value)
        assert duration(length)
        assert moment(at)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_told_truly_to_six_digits(value):
    told = number(value)

    assert float(told) == pytest.approx(value, rel=1e-5)
    assert "e+" not in told
    assert not ("." in told and "e" not in told and told.endswith("0"))

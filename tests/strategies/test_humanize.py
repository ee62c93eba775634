import math

import pytest

from bkmonitor.strategies.humanize import (
    humanize,
    humanize1024,
    humanize_duration,
    humanize_percentage,
    humanize_timestamp,
    strip_port,
)
from bkmonitor.strategies.templates import compile_template

NEVER_NUMBERS = [
    (math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN"), (None, "NaN"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"), (1.0, "1"), (-1, "-1"), (1234567.0, "1.235M"), (0.12, "120m"),
        ("1234567.0", "1.235M"), (".12", "120m"), (2**63 - 1, "9.223E"), (999.99, "1000"),
        (1000, "1k"), (1e27, "1000Y"), (1e-27, "0.001y"), (-0.0000021, "-2.1u"),
        *NEVER_NUMBERS,
    ],
)  # fmt: skip
def test_humanize_writes_four_digits_and_a_prefix(number, text):
    assert humanize(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"), (1.0, "1"), (1048576.0, "1Mi"), (0.12, "0.12"), (1234567, "1.177Mi"),
        (2**63 - 1, "8Ei"), (2**64 - 1, "16Ei"), (-1, "-1"), (1023.9, "1024"), (1e-5, "1e-05"),
        *NEVER_NUMBERS,
    ],
)  # fmt: skip
def test_humanize1024_writes_four_digits_and_a_binary_prefix(number, text):
    assert humanize1024(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"), (1, "1s"), (60, "1m 0s"), (3600, "1h 0m 0s"), (86400, "1d 0h 0m 0s"),
        (86400 + 3600, "1d 1h 0m 0s"), (-(86400 * 2 + 3600 * 3 + 60 * 4 + 5), "-2d 3h 4m 5s"),
        (899.99, "14m 59s"), (0.1, "100ms"), (0.0001, "100us"), (0.12345, "123.5ms"),
        (60.1, "1m 0s"), (1.2345, "1.234s"), (12.345, "12.35s"), (-1, "-1s"), (1234567, "14d 6h 56m 7s"),
        (59.999, "60s"), ("0.1", "100ms"), *NEVER_NUMBERS,
    ],
)  # fmt: skip
def test_durations_are_written_in_days_to_seconds_or_below_in_four_digits(
    seconds, text
):
    assert humanize_duration(seconds) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (-0.22222, "-22.22%"), (0.0, "0%"), (0.1234567, "12.35%"), (1.23456, "123.5%"),
        (1234567, "1.235e+08%"), ("1.23456", "123.5%"), *((n, f"{t}%") for n, t in NEVER_NUMBERS),
    ],
)  # fmt: skip
def test_ratios_are_written_as_percentages(ratio, text):
    assert humanize_percentage(ratio) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01 00:00:00 +0000 UTC"), (-1, "1969-12-31 23:59:59 +0000 UTC"),
        (1234567, "1970-01-15 06:56:07 +0000 UTC"), (9223372036, "2262-04-11 23:47:16 +0000 UTC"),
        (1435065584.128, "2015-06-23 13:19:44.128 +0000 UTC"),
        (1435065584.5, "2015-06-23 13:19:44.5 +0000 UTC"), *NEVER_NUMBERS,
    ],
)  # fmt: skip
def test_unix_seconds_are_written_as_a_moment(seconds, text):
    assert humanize_timestamp(seconds) == text


@pytest.mark.parametrize("seconds", [2**63 - 1, -(2**63), 1e300])
def test_a_moment_beyond_the_calendar_is_refused(seconds):
    with pytest.raises(ValueError, match="too far away"):
        humanize_timestamp(seconds)


@pytest.mark.parametrize(
    ("host", "bare"),
    [
        ("foo.example.com", "foo.example.com"), ("foo.example.com:12345", "foo.example.com"),
        ("192.0.2.1", "192.0.2.1"), ("192.0.2.1:12345", "192.0.2.1"), ("2001:0DB8::1", "2001:0DB8::1"),
        ("[2001:0DB8::1]:12345", "2001:0DB8::1"), ("[2001:0DB8::1]::12345", "[2001:0DB8::1]::12345"),
    ],
)  # fmt: skip
def test_a_host_loses_its_port(host, bare):
    assert strip_port(host) == bare


def test_they_are_filters_of_the_users_texts():
    text = "{{ value | humanizePercentage }} on {{ labels.instance | stripPort }}"

    shown = compile_template(text).render(value=0.875, labels={"instance": "db:9187"})

    assert shown == "87.5% on db"

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.units import (
    UNITS,
    check_unit,
    choices,
    format_apart,
    format_value,
    parse_value,
    scale_of,
)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (87.2, "percent", "87.2 %"),
        (87.23456, "percent", "87.23 %"),
        (0.872, "ratio", "87.2 %"),
        (0.57, "ratio", "57 %"),
        (0, "bytes", "0 B"),
        (0.5, "bytes", "0.5 B"),
        (1536, "bytes", "1.5 KiB"),
        (5368709120, "bytes", "5 GiB"),
        (1023, "bytes", "1023 B"),
        (1500, "bytes_si", "1.5 kB"),
        (999_999, "bytes_si", "1 MB"),
        (12.5e6, "bits_per_s", "12.5 Mbit/s"),
        (2**20, "bytes_per_s", "1 MiB/s"),
        (0.25, "seconds", "250 ms"),
        (250, "milliseconds", "250 ms"),
        (1234567, "microseconds", "1.235 s"),
        (0, "milliseconds", "0 ms"),
        (42.5, "seconds", "42.5 s"),
        (60, "seconds", "1 min"),
        (12_000, "seconds", "3 h 20 min"),
        (90_061, "seconds", "1 d 1 h"),
        (-12_000, "seconds", "-3 h 20 min"),
        (400 * 86400, "seconds", "400 d"),
        (1523, "", "1523"),
        (1523, "count", "1523"),
        (1523.5, "per_s", "1523.5 /s"),
        (45.5, "celsius", "45.5 °C"),
        (-4, "celsius", "-4 °C"),
        (2.5e9, "hertz", "2.5 GHz"),
        (7, "a unit nobody knows", "7"),
        (math.nan, "bytes", "NaN"),
        (-math.inf, "bytes", "-∞"),
    ],
)
def test_a_value_is_said_as_people_say_it(value, unit, text):
    assert format_value(value, unit) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        pytest.param(59.9996, "seconds", "1 min", id="not 60 s"),
        pytest.param(3599.9, "seconds", "1 h", id="not 59 min 60 s"),
        pytest.param(86399, "seconds", "1 d", id="not 24 h"),
        pytest.param(2**30 - 1, "bytes", "1 GiB", id="not 1024 MiB"),
    ],
)
def test_what_rounding_lifts_takes_the_next_symbol(value, unit, text):
    assert format_value(value, unit) == text


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("90", "percent", 90),
        ("90 %", "percent", 90),
        ("90%", "ratio", 0.9),
        ("57 %", "ratio", 0.57),
        ("0.9", "ratio", 0.9),
        ("9０％", "percent", 90),
        ("5GiB", "bytes", 5 * 2**30),
        ("5 GB", "bytes", 5e9),
        ("5gb", "bytes", 5e9),
        ("5G", "bytes", 5 * 2**30),
        ("5G", "bytes_si", 5e9),
        ("5Gi", "bytes_si", 5 * 2**30),
        ("512k", "bytes", 512 * 1024),
        ("5 MB/s", "bits_per_s", 40e6),
        ("100 Mbps", "bytes_per_s", 12.5e6),
        ("4h", "seconds", 14400),
        ("1h30m", "seconds", 5400),
        ("3 h 20 min", "seconds", 12000),
        ("-3 h 20 min", "seconds", -12000),
        ("2w", "seconds", 14 * 86400),
        ("250us", "milliseconds", 0.25),
        ("250 µs", "milliseconds", 0.25),
        ("250", "milliseconds", 250),
        ("1.5k", "", 1500),
        ("1.5K", "count", 1500),
        ("1e3", "", 1000),
        (".5", "", 0.5),
        (" -2 ", "", -2),
        ("−2", "", -2),
        ("45℃", "celsius", 45),
        ("2.4 ghz", "hertz", 2.4e9),
        ("3/min", "per_min", 3),
    ],
)
def test_what_people_write_is_read(text, unit, value):
    assert parse_value(text, unit) == value


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("", "bytes"),
        ("GiB", "bytes"),
        ("5 apples", "count"),
        ("1,5", ""),
        ("1 2", ""),
        ("3 h 20", "seconds"),
        ("nan", ""),
        ("inf", ""),
        ("1e999", ""),
        ("--1", ""),
        ("5 GiB", "percent"),
        pytest.param("5m", "", id="a thousandth or a million?"),
        pytest.param("5 mb/s", "bits_per_s", id="bits or bytes?"),
        pytest.param("9" * 101, "", id="too long"),
        pytest.param("1e300 EiB", "bytes", id="too large"),
    ],
)
def test_what_cannot_be_read_is_named(text, unit):
    with pytest.raises(InvalidInput) as caught:
        parse_value(text, unit)

    assert repr(text[:100]) in str(caught.value)


def test_a_unit_nobody_knows_is_named():
    with pytest.raises(InvalidInput, match="furlongs"):
        parse_value("1", "furlongs")
    with pytest.raises(InvalidInput, match="furlongs"):
        check_unit("furlongs")


@given(
    unit=st.sampled_from(sorted(UNITS)),
    value=st.floats(min_value=-1e300, max_value=1e300),
)
def test_what_is_shown_is_read_as_the_value_it_shows(unit, value):
    shown = format_value(value, unit)

    # Of lengths of time two parts are shown: half an hour of a day is 1/48.
    within = 1 / 48 if UNITS[unit].second else 1e-3
    assert parse_value(shown, unit) == pytest.approx(value, rel=within, abs=1e-320)


@given(
    unit=st.sampled_from(sorted(UNITS)),
    value=st.floats(min_value=1e-6, max_value=1e14) | st.just(0.0),
)
def test_with_all_digits_nothing_is_lost(unit, value):
    shown = format_value(value, unit, digits=17)

    assert parse_value(shown, unit) == pytest.approx(value, rel=1e-12)


@given(unit=st.sampled_from(sorted(UNITS)), text=st.text(max_size=20))
def test_any_text_is_read_or_refused(unit, text):
    with suppress(InvalidInput):
        assert math.isfinite(parse_value(text, unit))


@pytest.mark.parametrize(
    ("value", "limit", "unit", "told"),
    [
        (90.0001, 90, "percent", ("90.0001 %", "90 %")),
        (14401, 14400, "seconds", ("4 h 1 s", "4 h")),
        (95, 90, "percent", ("95 %", "90 %")),
        (90, 90, "percent", ("90 %", "90 %")),
    ],
)
def test_a_value_is_told_apart_from_its_limit(value, limit, unit, told):
    assert format_apart(value, limit, unit) == told


@pytest.mark.parametrize(
    ("unit", "scale"),
    [
        ("", [(1, "")]),
        ("a unit nobody knows", [(1, "")]),
        ("ratio", [(0.01, "%")]),
        ("bytes", [(1024**power, f"{prefix}B") for power, prefix in
                   enumerate(["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"])]),
        ("milliseconds", [(1e-6, "ns"), (1e-3, "µs"), (1, "ms"), (1000, "s"),
                          (60_000, "min"), (3_600_000, "h"), (86_400_000, "d")]),
    ],
)  # fmt: skip
def test_an_axis_is_told_its_symbols(unit, scale):
    assert scale_of(unit) == scale


def test_every_example_can_be_read():
    for unit in UNITS.values():
        for example in unit.example.replace(" or ", ", ").split(", "):
            parse_value(example, unit.key)


def test_the_list_to_choose_from_begins_with_no_unit():
    assert choices()[0] == ("", "No unit")
    assert len(choices()) == len(UNITS)

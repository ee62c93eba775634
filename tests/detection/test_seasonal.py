from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from bkmonitor.detection.port import Lookback
from bkmonitor.lib.errors import InvalidInput
from tests.detection.fetched import fetch
from tests.detection.views import GAP, explain, make, verdict

HOUR = 3600
WEEK = 7 * 86400
MONDAY_NOON = 1_767_614_400  # 5 January 2026, 12:00 UTC


def seasonal(**parameters):
    given = {"around_s": 0, "min_width_percent": 0}
    return make("seasonal", **(given | parameters))


def weeks(now, *before):
    """Return a series that has these values at one time of the week, the nearest first."""
    known = {
        MONDAY_NOON - back * WEEK: each for back, each in enumerate((now, *before))
    }
    return lambda times: np.array([known.get(at, -999.0) for at in times.tolist()])


def judge(detector, *values):
    view = fetch(detector, [MONDAY_NOON], weeks(*values), step_s=HOUR)
    return verdict(detector, view)


# The median is 13, the MAD 2: three deviations reach from 4.1044 to 21.8956.
@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (21.89, "normal"),
        (21.90, "anomalous"),
        (4.11, "normal"),
        (4.10, "anomalous"),
        (0, "anomalous"),
        (GAP, "GAP"),
    ],
)
def test_a_value_is_held_against_the_same_time_of_the_last_weeks(now, expected):
    assert judge(seasonal(), now, 10, 12, 14, 100) == expected


def test_one_week_out_of_the_ordinary_does_not_widen_the_band():
    ordinary = [50, 52, 51, 53, 49, 51]

    assert judge(seasonal(seasons=6), 70, *ordinary) == "anomalous"
    assert judge(seasonal(seasons=6), 70, *ordinary[:5], 5000) == "anomalous"


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param([GAP] * 4, "NO_HISTORY", id="the first week"),
        pytest.param([5, GAP, GAP, GAP], "TOO_FEW", id="the second"),
        pytest.param([5, 5, np.inf, GAP], "TOO_FEW", id="an infinity says nothing"),
        pytest.param([0, 0, 0, GAP], "anomalous", id="three weeks of zeros do"),
    ],
)
def test_with_too_few_weeks_nothing_is_judged(before, expected):
    assert judge(seasonal(min_seasons=3), 100, *before) == expected


def test_the_points_around_that_time_count_too():
    detector = seasonal(seasons=2, min_seasons=2, around_s=600)

    assert detector.lookbacks(300) == [Lookback(2014, 2018), Lookback(4030, 4034)]


def test_many_points_of_a_single_week_are_one_week():
    detector = seasonal(around_s=2 * HOUR, min_seasons=2)

    def since(days):
        return lambda times: np.where(times > MONDAY_NOON - days * 86400, 5.0, np.nan)

    def verdict_since(days):
        return verdict(
            detector, fetch(detector, [MONDAY_NOON], since(days), step_s=HOUR)
        )

    assert verdict_since(8) == "TOO_FEW"
    assert verdict_since(14) == "normal"


def test_more_seasons_than_are_looked_at_are_not_asked_for():
    with pytest.raises(InvalidInput) as refused:
        seasonal(seasons=2)

    assert "3 of 2" in refused.value.fields["min_seasons"]


def test_a_day_is_a_season_too():
    detector = seasonal(season="day", seasons=3)

    assert detector.lookbacks(HOUR) == [
        Lookback(24 * day, 24 * day) for day in (1, 2, 3)
    ]


def test_a_step_that_does_not_divide_the_week_takes_the_nearest_point():
    # 604800 / 3500 is 172.8, twice that 345.6.
    assert seasonal(seasons=2, min_seasons=2).lookbacks(3500) == [
        Lookback(173, 173),
        Lookback(346, 346),
    ]


def test_a_step_longer_than_the_season_is_refused():
    with pytest.raises(InvalidInput, match="day is shorter than 90000 seconds"):
        seasonal(season="day").lookbacks(90_000)


def test_the_band_is_there_to_be_drawn():
    detector = seasonal()
    view = fetch(detector, [MONDAY_NOON], weeks(GAP, 10, 12, 14, 100), step_s=HOUR)

    facts = detector.judge(view).facts

    assert facts["usual"] == 13
    assert facts["lower"] == pytest.approx(4.1044)
    assert facts["upper"] == pytest.approx(21.8956)


def test_the_season_is_told():
    detector = seasonal()
    view = fetch(detector, [MONDAY_NOON], weeks(30, 10, 12, 14, 100), step_s=HOUR)

    sentence = explain(detector, view)

    assert sentence.id == "seasonal"
    assert sentence.params == {
        "value": 30.0, "edge": pytest.approx(21.8956), "usual": 13.0, "season": "week",
    }  # fmt: skip


def peak_at(hour, zone):
    """Return a series that is 100 in one hour of each day by the clocks of a zone."""

    def values(times):
        hours = [
            datetime.fromtimestamp(at, ZoneInfo(zone)).hour for at in times.tolist()
        ]
        return np.where(np.array(hours) == hour, 100.0, 10.0)

    return values


def moment(*when, zone):
    return int(datetime(*when, tzinfo=ZoneInfo(zone)).timestamp())


@pytest.mark.parametrize(
    "day",
    [
        pytest.param((2026, 3, 28), id="the day before the clocks change"),
        pytest.param((2026, 3, 30), id="the day after they went forward"),
        pytest.param((2026, 4, 20), id="three weeks later"),
        pytest.param((2026, 10, 26), id="the day after they went back"),
    ],
)
def test_where_clocks_change_the_time_is_that_of_the_clocks(day):
    berlin = seasonal(timezone="Europe/Berlin")
    times = [moment(*day, 10, minute, zone="Europe/Berlin") for minute in range(60)]
    view = fetch(berlin, times, peak_at(10, "Europe/Berlin"))

    assert not berlin.judge(view).anomalous.any()
    assert not berlin.judge(view).unjudged.any()


def test_by_utc_the_time_is_off_until_the_weeks_before_have_the_same_clocks():
    plain = seasonal()

    def anomalies(*day):
        at = moment(*day, 10, zone="Europe/Berlin")
        return plain.judge(fetch(plain, [at], peak_at(10, "Europe/Berlin"))).anomalous

    assert anomalies(2026, 3, 30).all()
    assert not anomalies(2026, 4, 27).any()


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Africa/Casablanca",
        "Asia/Shanghai", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Auckland",
        "America/St_Johns", "Asia/Kathmandu",
    ],
)  # fmt: skip
def test_in_every_zone_the_points_compared_with_had_the_same_time(zone):
    detector, step_s = seasonal(timezone=zone), 1800
    start = moment(2026, 1, 1, zone=zone)
    times = start + np.arange(0, 365 * 86400, step_s)

    def clock(times):
        return np.array(
            [
                local.weekday() * 86400 + local.hour * 3600 + local.minute * 60
                for local in (
                    datetime.fromtimestamp(at, ZoneInfo(zone)) for at in times.tolist()
                )
            ],
            dtype=float,
        )

    found = detector.judge(fetch(detector, times, clock, step_s=step_s))

    assert not found.unjudged.any()
    assert (found.facts["usual"][0] == clock(times)).all()


def test_a_time_that_the_clocks_skipped_is_that_of_an_hour_later():
    # On 29 March 2026 Berlin's clocks went from 02:00 to 03:00: half past two, by the
    # clocks of the week after, was half past three.
    detector = seasonal(timezone="Europe/Berlin", seasons=1, min_seasons=1, around_s=60)
    at = moment(2026, 4, 5, 2, 30, zone="Europe/Berlin")
    half_past_three = moment(2026, 3, 29, 3, 30, zone="Europe/Berlin")

    view = fetch(detector, [at], lambda times: abs(times - half_past_three) <= 60)

    assert detector.judge(view).facts["usual"] == 1

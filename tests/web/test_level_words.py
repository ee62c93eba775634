import pytest

from bkmonitor.web.level_words import level_words
from tests.factories import make_level

BAND = {"kind": "seasonal", "season": "day", "width": 4.0, "side": "both"}


@pytest.mark.parametrize(
    ("level", "unit", "methods"),
    [
        (make_level(1, ">", 90.0), "percent", ["> 90 %"]),
        (make_level(1, ">=", 5 * 2.0**30), "bytes", ["≥ 5 GiB"]),
        (
            {"severity": 1, "detectors": [{"kind": "threshold", "any_of": [
                [{"operator": ">", "value": 1.0}, {"operator": "<", "value": 2.0}],
                [{"operator": "==", "value": 0.0}],
            ]}]},
            "", ["> 1 and < 2 or = 0"],
        ),
        ({"severity": 2, "detectors": [{"kind": "present"}]}, "", ["Anything there"]),
        (
            {"severity": 2, "detectors": [{"kind": "year_round", "rise_percent": 30}]},
            "", ["Change from last week: Rises by at least 30 %"],
        ),
        (
            {"severity": 2, "detectors": [BAND, {"kind": "flatline", "points": 5}]},
            "", ["Seasonal band: Width in deviations 4; Season a day", "Flat line: Unchanged for so many points 5 periods"],
        ),
        (
            {"severity": 2, "detectors": [{"kind": "forecast", "operator": "<", "limit": 1024.0, "horizon_s": 7200}]},
            "bytes", ["Forecast: Comparison <; Limit 1 KiB; Within 2 h"],
        ),
    ],
)  # fmt: skip
def test_a_level_is_said_with_what_was_set(level, unit, methods):
    assert level_words(level, unit).methods == methods


def test_what_a_level_has_of_its_own_is_said_too():
    level = make_level(
        1, ">", 90.0,
        expression="up == 0",
        trigger={"count": 2, "window": 5, "recovery": 3},
        over_when=[[{"operator": "<", "value": 70.0}]],
    )  # fmt: skip

    assert level_words(level, "percent").more == [
        "up == 0",
        "fires after 2 of 5 evaluations",
        "over after 3 normal evaluations",
        "over only when < 70 %",
    ]


def test_methods_of_which_any_counts_are_known_as_such():
    two = [{"kind": "present"}, {"kind": "ring_ratio", "rise_percent": 30}]

    assert level_words({"severity": 1, "detectors": two, "match": "any"}, "").any_of
    assert not level_words({"severity": 1, "detectors": two}, "").any_of

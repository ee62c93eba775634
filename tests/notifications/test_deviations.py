import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.detection.registry import KINDS
from bkmonitor.notifications.deviations import DEVIATIONS
from bkmonitor.notifications.sentences import SENTENCES, render

ABOVE = {"value": 87.2, "edge": 65.1, "usual": 40.0, "unit": "percent"}
BELOW = {"value": 3.0, "edge": 15.5, "usual": 40.0}
RATE = {"before": 100.0, "over_s": 300.0, "limit": 3.0, "in": "value", "per": "minute"}
PERCENT = {"in": "percent", "limit": 2.5, "per": "hour"}
FORECAST = {"value": 87.2, "limit": 95.0, "in_s": 7800.0, "unit": "percent"}

SAID = [
    (
        "seasonal",
        ABOVE | {"season": "week"},
        "87.2 % is above what is usual at this time of the week (40 %); limit 65.1 %.",
        "87.2 % 高于每周此时的常态（40 %）；阈值 65.1 %。",
    ),
    (
        "seasonal",
        BELOW | {"season": "day"},
        "3 is below what is usual at this time of the day (40); limit 15.5.",
        "3 低于每天此时的常态（40）；阈值 15.5。",
    ),
    (
        "zscore",
        ABOVE,
        "87.2 % is above the mean of the values before (40 %); limit 65.1 %.",
        "87.2 % 高于之前若干点的平均值（40 %）；阈值 65.1 %。",
    ),
    (
        "mad",
        BELOW,
        "3 is below the median of the values before (40); limit 15.5.",
        "3 低于之前若干点的中位数（40）；阈值 15.5。",
    ),
    (
        "outlier",
        ABOVE | {"members": 12.0, "by": ["job", "dc"]},
        "87.2 % is above the median of the 12 series with the same job, dc (40 %);"
        " limit 65.1 %.",
        "87.2 % 高于job, dc 相同的 12 条序列的中位数（40 %）；阈值 65.1 %。",
    ),
    (
        "outlier",
        ABOVE | {"members": 12.0, "by": []},
        "87.2 % is above the median of all 12 series (40 %); limit 65.1 %.",
        "87.2 % 高于全部 12 条序列的中位数（40 %）；阈值 65.1 %。",
    ),
    (
        "rate_of_change",
        RATE | {"value": 120.0, "rate": 4.0},
        "The value rose from 100 to 120 within 5 minutes, by 4 a minute;"
        " limit 3 a minute.",
        "值在5 分钟内从 100 升至 120，速度为每分钟 4；阈值为每分钟 3。",
    ),
    (
        "rate_of_change",
        RATE | PERCENT | {"value": 75.0, "rate": -300.0},
        "The value fell from 100 to 75 within 5 minutes, by 300 % an hour;"
        " limit 2.5 % an hour.",
        "值在5 分钟内从 100 降至 75，速度为每小时 300 %；阈值为每小时 2.5 %。",
    ),
    (
        "rate_of_change",
        RATE | PERCENT | {"before": 0.0, "value": 1.0, "rate": "inf"},
        "The value rose from 0 to 1 within 5 minutes, by ∞ % an hour;"
        " limit 2.5 % an hour.",
        "值在5 分钟内从 0 升至 1，速度为每小时 ∞ %；阈值为每小时 2.5 %。",
    ),
    (
        "flatline",
        {"value": 5.0, "lowest": 5.0, "highest": 5.0, "for_s": 540.0},
        "The value has been 5 for 9 minutes.",
        "值保持 5 不变已有9 分钟。",
    ),
    (
        "flatline",
        {"value": 5.25, "lowest": 5.0, "highest": 5.5, "for_s": 540.0, "unit": "bytes"},
        "The value has been between 5 B and 5.5 B for 9 minutes.",
        "值停留在 5 B 与 5.5 B 之间已有9 分钟。",
    ),
    (
        "forecast",
        FORECAST | {"operator": ">"},
        "The value is 87.2 % and expected to be above 95 % in 2 hours 10 minutes.",
        "当前值为 87.2 %，预计2 小时 10 分钟后将高于 95 %。",
    ),
    (
        "forecast",
        FORECAST | {"operator": ">="},
        "The value is 87.2 % and expected to rise to 95 % in 2 hours 10 minutes.",
        "当前值为 87.2 %，预计2 小时 10 分钟后将升至 95 %。",
    ),
    (
        "forecast",
        FORECAST | {"operator": "<", "limit": 10.0},
        "The value is 87.2 % and expected to be below 10 % in 2 hours 10 minutes.",
        "当前值为 87.2 %，预计2 小时 10 分钟后将低于 10 %。",
    ),
    (
        "forecast",
        FORECAST | {"operator": "<=", "limit": 10.0},
        "The value is 87.2 % and expected to fall to 10 % in 2 hours 10 minutes.",
        "当前值为 87.2 %，预计2 小时 10 分钟后将降至 10 %。",
    ),
]


@pytest.mark.parametrize(("name", "params", "english", "_chinese"), SAID)
def test_a_deviation_in_english(name, params, english, _chinese):
    assert render({"id": name, "params": params}) == english


@pytest.mark.parametrize(("name", "params", "_english", "sentence"), SAID)
def test_a_deviation_in_chinese(name, params, _english, sentence, chinese):
    assert render({"id": name, "params": params}) == sentence


def test_every_kind_of_detector_is_told_by_its_name_or_as_a_limit():
    assert {name for name, *_ in SAID} == set(DEVIATIONS)
    assert set(KINDS) - set(SENTENCES) == {"threshold", "present"}


def test_a_value_just_outside_is_not_told_as_the_edge_itself():
    params = BELOW | {"value": 15.4999999}

    assert "15.4999999 is below" in render({"id": "mad", "params": params})


ANYTHING = st.floats() | st.sampled_from(
    [None, "", "inf", "week", 10**400, math.inf, [], ["job", 3], {}, "soon", "€"]
)
NAMES = [
    "value", "edge", "usual", "season", "members", "by", "before", "over_s", "rate",
    "limit", "in", "per", "lowest", "highest", "for_s", "operator", "in_s", "unit",
]  # fmt: skip


@pytest.mark.parametrize("name", DEVIATIONS)
@given(params=st.dictionaries(st.sampled_from(NAMES), ANYTHING))
def test_strange_parameters_make_a_strange_sentence_and_no_error(name, params):
    assert render({"id": name, "params": params}).endswith(".")

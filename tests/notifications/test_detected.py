import math

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.notifications.detected import DETECTED
from bkmonitor.notifications.sentences import SENTENCES, clause, render

ANY_NUMBER = st.floats(allow_nan=True, allow_infinity=True) | st.integers() | st.none()
ANYTHING = ANY_NUMBER | st.text() | st.booleans() | st.lists(st.integers())

MONDAY_NOON = 1_767_614_400.0  # 5 January 2026, 12:00 UTC
UP = {"value": 87.2, "reference": 65.1, "percent": 33.948, "direction": "up"}
DOWN = {"value": 40.0, "reference": 50.0, "percent": 20.0, "direction": "down"}

SAID = [
    (
        "limit",
        {"value": 95.5, "operator": ">", "limit": 90.0},
        "The value 95.5 is above the limit of 90.",
        "当前值 95.5 高于阈值 90。",
    ),
    (
        "limit",
        {"value": 0.0, "operator": "<=", "limit": 0.0},
        "The value 0 is at or below the limit of 0.",
        "当前值 0 达到或低于阈值 0。",
    ),
    (
        "limit",
        {"value": 0.1, "operator": "==", "limit": 0.1},
        "The value is 0.1, which it should not be.",
        "当前值为 0.1，不应为此值。",
    ),
    (
        "limit",
        {"value": 6 * 2**30, "operator": ">", "limit": 5 * 2**30, "unit": "bytes"},
        "The value 6 GiB is above the limit of 5 GiB.",
        "当前值 6 GiB 高于阈值 5 GiB。",
    ),
    (
        "limits",
        {
            "value": 3.0,
            "limits": [
                {"operator": ">", "limit": 2.0},
                {"operator": "<", "limit": 5.0},
            ],
            "unit": "percent",
        },
        "The value 3 % is above 2 % and below 5 %.",
        "当前值 3 % 高于 2 % 且 低于 5 %。",
    ),
    (
        "any",
        {"value": 3.0},
        "The condition holds; the value is 3.",
        "条件成立，当前值 3。",
    ),
    (
        "ring_ratio",
        UP | {"limit": 30.0, "unit": "percent"},
        "87.2 % is 34 % above the value before (65.1 %); limit 30 %.",
        "87.2 % 比前一个值（65.1 %）高 34 %；阈值 30 %。",
    ),
    (
        "ring_ratio",
        DOWN | {"limit": 2.5, "percent": 2.51},
        "40 is 2.51 % below the value before (50); limit 2.5 %.",
        "40 比前一个值（50）低 2.51 %；阈值 2.5 %。",
    ),
    (
        "ring_ratio",
        {
            "value": 500.0,
            "reference": 0.0,
            "percent": None,
            "direction": "up",
            "limit": 30.0,
        },
        "500 is above the value before (0); limit 30 %.",
        "500 高于前一个值（0）；阈值 30 %。",
    ),
    (
        "ring_ratio_advanced",
        DOWN | {"limit": 10.0, "count": 5.0, "known": 5.0},
        "40 is 20 % below the mean of the 5 values before (50); limit 10 %.",
        "40 比前 5 个值的平均值（50）低 20 %；阈值 10 %。",
    ),
    (
        "ring_ratio_advanced",
        DOWN | {"limit": 10.0, "count": 5.0, "known": 3.0},
        "40 is 20 % below the mean of 3 of the 5 values before (50); limit 10 %.",
        "40 比前 5 个值中 3 个的平均值（50）低 20 %；阈值 10 %。",
    ),
    (
        "ring_ratio_advanced",
        DOWN | {"limit": 10.0, "count": 5.0, "ago_s": 300.0},
        "40 is 20 % below the value 5 minutes before (50); limit 10 %.",
        "40 比 5 分钟前的值（50）低 20 %；阈值 10 %。",
    ),
    (
        "ring_ratio_amplitude",
        {
            "value": 60.0,
            "reference": 100.0,
            "change": 40.0,
            "limit": 25.0,
            "unit": "celsius",
        },
        "60 °C is 40 °C away from the value before (100 °C); limit 25 °C.",
        "60 °C 与前一个值（100 °C）相差 40 °C；阈值 25 °C。",
    ),
    (
        "year_round",
        UP | {"limit": 30.0, "unit": "percent", "reference_at": MONDAY_NOON},
        "87.2 % is 34 % above the same time last Monday (65.1 %); limit 30 %.",
        "87.2 % 比上周一同一时间（65.1 %）高 34 %；阈值 30 %。",
    ),
    (
        "year_round_advanced",
        DOWN | {"limit": 10.0, "count": 7.0, "known": 7.0},
        "40 is 20 % below the mean of the last 7 days at the same time (50); limit 10 %.",
        "40 比前 7 天同一时间的平均值（50）低 20 %；阈值 10 %。",
    ),
    (
        "year_round_advanced",
        DOWN | {"limit": 10.0, "count": 7.0, "known": 6.0},
        "40 is 20 % below the mean of 6 of the last 7 days at the same time (50);"
        " limit 10 %.",
        "40 比前 7 天中 6 天同一时间的平均值（50）低 20 %；阈值 10 %。",
    ),
    (
        "year_round_advanced",
        DOWN | {"limit": 10.0, "count": 3.0, "ago_s": 259_200.0},
        "40 is 20 % below the same time 3 days before (50); limit 10 %.",
        "40 比 3 天前同一时间（50）低 20 %；阈值 10 %。",
    ),
    (
        "year_round_amplitude",
        {
            "value": 9.0,
            "size": 5.0,
            "reference": 2.0,
            "limit": 4.0,
            "operator": ">=",
            "day": 2.0,
        },
        "The value moved by 5 to 9, and by 2 at the same time 2 days before;"
        " limit ≥ 4.",
        "当前值 9，较前一个值变化 5；2 天前同一时间变化 2；阈值 ≥ 4。",
    ),
    (
        "year_round_range",
        {
            "value": 60.0,
            "size": 60.0,
            "reference": 100.0,
            "limit": 75.0,
            "operator": "<",
            "day": 1.0,
        },
        "The value is 60, and was 100 at the same time 1 day before; limit < 75.",
        "当前值 60，1 天前同一时间为 100；阈值 < 75。",
    ),
    (
        "new_series",
        {"value": 7.0, "range_s": 86_400.0},
        "A new series, not seen for 1 day; the value is 7.",
        "出现新序列，此前 1 天内没有见过；当前值 7。",
    ),
    (
        "partial_probes",
        {"value": 0.0, "failing": 3.0, "asked": 5.0, "limit": 2},
        "3 of 5 vantage points fail; limit 2.",
        "5 个节点中有 3 个失败；阈值 2。",
    ),
    (
        "host_restart",
        {"value": 90.0, "before": 93_600.0},
        "The host started 1 minute 30 seconds ago, after having been up for"
        " 1 day 2 hours.",
        "主机于 1 分钟 30 秒前启动，此前已运行 1 天 2 小时。",
    ),
    (
        "process_port",
        {"problem": "missing"},
        "The process does not run.",
        "进程没有运行。",
    ),
    (
        "process_port",
        {"problem": "closed"},
        "The process does not listen on all of its ports.",
        "进程没有监听它的全部端口。",
    ),
    (
        "process_port",
        {"problem": "elsewhere"},
        "The process listens on another address than it should.",
        "进程的监听地址与应有的不符。",
    ),
    (
        "ping_unreachable",
        {"value": 1.0},
        "No ping is answered: every packet was lost.",
        "Ping 不可达：数据包全部丢失。",
    ),
]


@pytest.mark.parametrize(("name", "params", "english", "_chinese"), SAID)
def test_an_anomaly_in_english(name, params, english, _chinese):
    assert render({"id": name, "params": params}) == english


@pytest.mark.parametrize(("name", "params", "_english", "sentence"), SAID)
def test_an_anomaly_in_chinese(name, params, _english, sentence, chinese):
    assert render({"id": name, "params": params}) == sentence


def test_every_sentence_of_a_detector_is_in_the_table_above():
    assert {name for name, *_ in SAID} == set(DETECTED)


@pytest.mark.parametrize(
    ("zone", "day"),
    [("UTC", "Monday"), ("Pacific/Kiritimati", "Tuesday"), ("Asia/Shanghai", "Monday")],
)
def test_last_week_is_a_day_in_the_readers_zone(zone, day):
    params = UP | {"limit": 30.0, "reference_at": MONDAY_NOON}

    with timezone.override(zone):
        said = render({"id": "year_round", "params": params})

    assert f"above the same time last {day} (" in said


@pytest.mark.parametrize("at", [None, "soon", math.nan, math.inf, 1e20])
def test_a_time_that_is_none_is_just_last_week(at):
    params = UP | {"limit": 30.0, "reference_at": at}

    assert "the same time last week" in render({"id": "year_round", "params": params})


def test_a_value_just_beyond_the_limit_is_not_told_as_the_limit_itself():
    params = {"value": 90.0000001, "operator": ">", "limit": 90.0}

    said = render({"id": "limit", "params": params})

    assert said == "The value 90.0000001 is above the limit of 90."


@pytest.mark.parametrize("unit", ["bytes", "percent", "seconds"])
def test_with_a_unit_neither(unit):
    params = {"value": 90.0000001, "operator": ">", "limit": 90.0, "unit": unit}

    value, limit = clause({"id": "limit", "params": params}).split(" is above ")

    assert value.removeprefix("The value ") != limit.removeprefix("the limit of ")


NAMES = [
    "value", "limit", "limits", "operator", "error", "kind", "target", "seconds",
    "period_s", "grace_s", "last_ping_at", "exit_status", "reason", "unit", "percent",
    "direction", "reference", "reference_at", "ago_s", "count", "known", "change",
    "size", "day", "range_s", "failing", "asked", "before", "problem",
]  # fmt: skip


@given(
    st.sampled_from([*SENTENCES, "unheard of"]),
    st.dictionaries(st.sampled_from(NAMES), ANYTHING),
)
def test_no_parameter_is_too_strange_to_be_told(name, params):
    said = render({"id": name, "params": params})

    assert said.endswith(".")


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_a_value_and_a_limit_that_differ_are_told_apart(value, limit):
    params = {"value": value, "operator": "!=", "limit": limit}

    told = clause({"id": "limit", "params": params})

    first, second = told.removeprefix("The value is ").split(" and should be ")
    assert (first == second) == (value == limit)

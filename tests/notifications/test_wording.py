import math
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.notifications import wording
from bkmonitor.notifications.wording import (
    SENTENCES,
    duration,
    moment,
    number,
    reason_word,
    render,
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
        "any",
        {"value": 3.0},
        "The condition holds; the value is 3.",
        "条件成立，当前值 3。",
    ),
    (
        "probe.down",
        {"error": "connection refused.", "kind": "http", "target": "http://web/"},
        "http://web/ failed its HTTP probe: connection refused.",
        "http://web/ 的 HTTP 拨测失败：connection refused。",
    ),
    (
        "probe.up",
        {"seconds": 0.12345},
        "It answers again, within 0.123 seconds.",
        "目标已恢复响应，用时 0.123 秒。",
    ),
    ("probe.up", {"seconds": None}, "It answers again.", "目标已恢复响应。"),
    (
        "heartbeat.late",
        {"period_s": 300, "grace_s": 60, "last_ping_at": "2026-03-02T12:00:00+00:00"},
        "The last sign of life came on 2 Mar 2026, 12:00:00 UTC; one is due every"
        " 5 minutes and may be 1 minute late.",
        "最近一次心跳在 2026-03-02 12:00:00 UTC；应每 5 分钟一次，最多可迟到 1 分钟。",
    ),
    (
        "heartbeat.late",
        {"period_s": 86400, "grace_s": 3600, "last_ping_at": None},
        "No sign of life has come yet; one is due every 1 day and may be 1 hour late.",
        "尚未收到任何心跳；应每 1 天一次，最多可迟到 1 小时。",
    ),
    (
        "heartbeat.failed",
        {"exit_status": 3},
        "The job failed with exit status 3.",
        "任务失败，退出码 3。",
    ),
    (
        "heartbeat.failed",
        {"exit_status": None},
        "The job reported that it failed.",
        "任务报告执行失败。",
    ),
    (
        "limits",
        {
            "value": 3.0,
            "limits": [
                {"operator": ">", "limit": 2.0},
                {"operator": "<", "limit": 5.0},
            ],
        },
        "value 3, limits > 2 and < 5.",
        "当前值 3，限值 > 2 且 < 5。",
    ),
    (
        "all_of",
        {"sentences": [{"id": "heartbeat.up"}, {"id": "heartbeat.up"}]},
        "The job reported success again; The job reported success again.",
        "任务已重新报告成功；任务已重新报告成功。",
    ),
    (
        "no_data.series",
        {"missed": 5},
        "No data for 5 evaluations in a row.",
        "连续 5 次检测没有数据。",
    ),
    (
        "no_data.group",
        {"missed": 5, "series": 3},
        "No data of any of 3 series for 5 evaluations in a row.",
        "3 个序列连续 5 次检测都没有数据。",
    ),
    (
        "no_data.source",
        {"series": 300},
        "Source lost: no data of any of 300 series.",
        "数据源丢失：300 个序列都没有数据。",
    ),
    ("no_data.back", {}, "The data is back.", "数据已恢复。"),
    (
        "no_data.forgotten",
        {},
        "It has been missing for so long that it is expected no more.",
        "缺失时间过长，不再期待该序列。",
    ),
    ("heartbeat.up", {}, "The job reported success again.", "任务已重新报告成功。"),
    (
        "resolved.normal",
        {"value": 12.0},
        "The value is back to normal at 12.",
        "当前值已恢复正常，为 12。",
    ),
    ("resolved.absent", {}, "The condition holds no longer.", "条件不再成立。"),
    (
        "resolved.source_removed",
        {},
        "What raised this alert was deleted.",
        "产生该告警的对象已被删除。",
    ),
    (
        "resolved.source_disabled",
        {},
        "What raised this alert was switched off.",
        "产生该告警的对象已被停用。",
    ),
    (
        "resolved.source_changed",
        {},
        "What raised this alert was changed and looks elsewhere now.",
        "产生该告警的对象已被修改，不再关注此序列。",
    ),
    (
        "query.failed",
        {"reason": "it took more than 10 s"},
        "The query failed: it took more than 10 s.",
        "查询失败：it took more than 10 s。",
    ),
    (
        "test",
        {},
        "This is a test message; messages arrive here.",
        "这是一条测试消息，消息可以送达这里。",
    ),
]


@pytest.mark.parametrize(("name", "params", "english", "_chinese"), SAID)
def test_a_sentence_in_english(name, params, english, _chinese):
    assert render({"id": name, "params": params}) == english


@pytest.mark.parametrize(("name", "params", "_english", "sentence"), SAID)
def test_a_sentence_in_chinese(name, params, _english, sentence, chinese):
    assert render({"id": name, "params": params}) == sentence


def test_every_sentence_is_in_the_table_above():
    assert {name for name, *_ in SAID} == set(SENTENCES)


def test_every_sentence_that_any_room_says_is_known():
    said = set()
    for path in PACKAGE.rglob("*.py"):
        said |= set(re.findall(r'\bSentence\(\s*"([^"]+)"', path.read_text()))

    assert said
    assert said <= set(SENTENCES)


def test_a_value_just_beyond_the_limit_is_not_told_as_the_limit_itself():
    params = {"value": 90.0000001, "operator": ">", "limit": 90.0}

    said = render({"id": "limit", "params": params})

    assert said == "The value 90.0000001 is above the limit of 90."


def test_a_sentence_of_a_later_release_is_told_all_the_same():
    assert render({"id": "moon.full", "params": {"phase": 4}}) == "moon.full: phase 4."


def test_words_of_severities_and_reasons(chinese):
    assert [severity_word(severity) for severity in (1, 2, 3)] == [
        "致命",
        "预警",
        "提醒",
    ]
    assert reason_word("repeat") == "仍在告警"
    assert reason_word("unheard") == "unheard"


@given(
    st.sampled_from([*SENTENCES, "unheard of"]),
    st.dictionaries(
        st.sampled_from(
            [
                "value",
                "limit",
                "operator",
                "error",
                "kind",
                "target",
                "seconds",
                "period_s",
                "grace_s",
                "last_ping_at",
                "exit_status",
                "reason",
            ]
        ),
        ANYTHING,
    ),
)
def test_no_parameter_is_too_strange_to_be_told(name, params):
    said = render({"id": name, "params": params})

    assert said.endswith(".")


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


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_a_value_and_a_limit_that_differ_are_told_apart(value, limit):
    params = {"value": value, "operator": "!=", "limit": limit}

    told = wording.clause({"id": "limit", "params": params})

    first, second = told.removeprefix("The value is ").split(" and should be ")
    assert (first == second) == (value == limit)


def test_strange_moments_of_a_heartbeat_are_told_too():
    for last in (5, [], True, "x"):
        assert render({"id": "heartbeat.late", "params": {"last_ping_at": last}})

import re
from pathlib import Path

import pytest

from bkmonitor.notifications import wording
from bkmonitor.notifications.detected import DETECTED
from bkmonitor.notifications.deviations import DEVIATIONS
from bkmonitor.notifications.sentences import SENTENCES, render

PACKAGE = Path(wording.__file__).resolve().parents[1]

SAID = [
    (
        "composite",
        {"condition": "cpu and not deploy", "firing": ["CPU", "Disk"], "missing": []},
        "The condition “cpu and not deploy” holds; firing: CPU, Disk.",
        "条件“cpu and not deploy”成立；正在告警：CPU、Disk。",
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
    (
        "resolved.forgotten",
        {"missing_s": 604800.0},
        "No sample for 7 days; the series is forgotten.",
        "已有 7 天没有样本；不再关注该序列。",
    ),
    (
        "no_data.never",
        {"missed": 5},
        "No data has ever come; 5 evaluations in a row found none.",
        "从未收到数据；连续 5 次检测都没有数据。",
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


def test_every_sentence_but_the_detectors_is_in_the_table_above():
    assert {name for name, *_ in SAID} == set(SENTENCES) - set(DETECTED) - set(
        DEVIATIONS
    )


def test_every_sentence_that_any_room_says_is_known():
    said = set()
    for path in PACKAGE.rglob("*.py"):
        said |= set(re.findall(r'\bSentence\(\s*"([^"]+)"', path.read_text()))

    assert said
    assert said <= set(SENTENCES)


def test_a_sentence_of_a_later_release_is_told_all_the_same():
    assert render({"id": "moon.full", "params": {"phase": 4}}) == "moon.full: phase 4."


def test_strange_moments_of_a_heartbeat_are_told_too():
    for last in (5, [], True, "x"):
        assert render({"id": "heartbeat.late", "params": {"last_ping_at": last}})

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from bkmonitor.notifications.letter import plain_text, write
from bkmonitor.notifications.message import Message
from tests.factories import NOON

FIRED = Message(
    reason="fired",
    title="CPU of the web servers",
    severity=1,
    sentence={"id": "limit", "params": {"value": 95.5, "operator": ">", "limit": 90.0}},
    summary="web-1 is busy",
    labels={"job": "node", "instance": "web-1"},
    path="/s/shop/alerts/7/",
    runbook_url="https://wiki.example.org/cpu",
    value=95.5,
    started_at=NOON.isoformat(),
    space_name="Shop",
)
SOON = NOON + timedelta(minutes=2)


@pytest.fixture(autouse=True)
def _public_url(settings):
    settings.PUBLIC_URL = "https://monitor.example.org"


def test_one_sentence_tells_value_limit_and_duration():
    letter = write(FIRED, SOON)

    assert letter.lead == (
        "Firing for 2 minutes: The value 95.5 is above the limit of 90."
    )


def test_the_whole_letter_as_text():
    text = plain_text(write(FIRED, SOON))

    assert text == (
        "Firing for 2 minutes: The value 95.5 is above the limit of 90.\n"
        "\n"
        "web-1 is busy\n"
        "\n"
        "Severity: Critical\n"
        "Value: 95.5\n"
        "Started: 2 Mar 2026, 12:00:00 UTC\n"
        "Duration: 2 minutes\n"
        "Space: Shop\n"
        "\n"
        "instance=web-1\n"
        "job=node\n"
        "\n"
        "Details: https://monitor.example.org/s/shop/alerts/7/\n"
        "Runbook: https://wiki.example.org/cpu"
    )


def test_the_whole_letter_in_chinese_and_in_shanghai(chinese):
    with timezone.override("Asia/Shanghai"):
        letter = write(FIRED, SOON, receiver_name="值班")

    assert letter.subject == "[致命] CPU of the web servers"
    assert letter.lead == "已持续 2 分钟：当前值 95.5 高于阈值 90。"
    assert ("开始时间", "2026-03-02 20:00:00 UTC+8") in letter.facts
    assert letter.footer == "发送给空间“Shop”的接收方“值班”。"


@pytest.mark.parametrize(
    ("reason", "subject"),
    [
        ("fired", "[Critical] CPU of the web servers"),
        ("worsened", "[Critical] Became more severe: CPU of the web servers"),
        ("repeat", "[Critical] Still firing: CPU of the web servers"),
        ("resolved", "[Resolved] CPU of the web servers"),
    ],
)
def test_the_subject_tells_why_it_was_sent(reason, subject):
    assert write(replace(FIRED, reason=reason), SOON).subject == subject


def test_a_resolution_tells_how_long_it_lasted_whenever_it_is_delivered():
    over = replace(
        FIRED,
        reason="resolved",
        sentence={"id": "resolved.normal", "params": {"value": 0.0}},
        ended_at=(NOON + timedelta(minutes=14)).isoformat(),
    )

    letter = write(over, NOON + timedelta(hours=3))

    assert letter.lead == (
        "Resolved after 14 minutes: The value is back to normal at 0."
    )


def test_a_test_message_carries_its_code():
    message = Message("test", "Shop", {"id": "test"}, code="012345")

    letter = write(message, NOON)

    assert letter.subject == "012345 is the code of your test message"
    assert letter.facts == (("Code", "012345"),)


def test_a_value_of_zero_is_a_value():
    assert ("Value", "0") in write(replace(FIRED, value=0.0), SOON).facts


def test_a_link_that_is_no_web_address_is_left_out(settings):
    letter = write(replace(FIRED, runbook_url="javascript:alert(1)"), SOON)

    assert [url for _, url in letter.links] == [
        "https://monitor.example.org/s/shop/alerts/7/"
    ]


def test_a_subject_is_one_line_of_bounded_length():
    letter = write(replace(FIRED, title="a\r\nBcc: b@example.org " * 50), SOON)

    assert "\n" not in letter.subject
    assert len(letter.subject) == 200


def test_a_summary_that_says_what_the_title_says_is_not_said_twice():
    again = replace(FIRED, summary=FIRED.title, description="more")

    assert write(again, SOON).texts == ("more",)

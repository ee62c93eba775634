import math

import orjson
import pytest

from bkmonitor.notifications.message import Message

FIRED = Message(
    reason="fired",
    title="cpu is high",
    sentence={"id": "limit", "params": {"value": 95.5, "operator": ">", "limit": 90.0}},
    severity=1,
    labels={"instance": "web-1"},
    value=95.5,
    started_at="2026-03-02T12:00:00+00:00",
    alert_id=7,
)


def test_a_message_comes_back_as_it_went():
    stored = orjson.dumps(FIRED.to_dict())

    assert Message.from_dict(orjson.loads(stored)) == FIRED


def test_the_same_message_is_the_same_json():
    again = Message.from_dict(FIRED.to_dict())

    assert orjson.dumps(again.to_dict()) == orjson.dumps(FIRED.to_dict())


def test_what_another_release_added_or_left_out_does_not_hinder_reading():
    stored = FIRED.to_dict() | {"version": 2, "mood": "calm"}
    del stored["description"]

    assert Message.from_dict(stored) == FIRED


@pytest.mark.parametrize(
    ("value", "stored"),
    [(math.nan, "NaN"), (math.inf, "+Inf"), (-math.inf, "-Inf"), (0.0, 0.0)],
)
def test_a_number_that_json_cannot_hold_is_stored_as_a_word(value, stored):
    message = Message("fired", "t", {"id": "any", "params": {"value": value}})

    assert message.to_dict()["sentence"]["params"] == {"value": stored}


def test_a_value_that_is_no_number_is_no_value():
    assert (
        Message("fired", "t", {"id": "any"}, value=math.nan).to_dict()["value"] is None
    )


def test_nul_which_postgresql_refuses_is_left_out():
    message = Message("fired", "a\0b", {"id": "any"}, labels={"path": "c\0d"})

    stored = message.to_dict()

    assert (stored["title"], stored["labels"]) == ("ab", {"path": "cd"})

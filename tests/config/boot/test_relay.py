"""What programs say reaches the container's output in whole lines."""

import io
import json

from bkmonitor.config.boot.relay import Relay


def test_a_line_in_two_pieces_is_one_line():
    out = io.StringIO()
    relay = Relay("text", out)

    relay.feed("web", b"one ")
    relay.feed("celery_beat", b"other\n")
    relay.feed("web", b"line\n")

    assert out.getvalue() == "celery_beat | other\nweb | one line\n"


def test_in_json_a_plain_line_becomes_an_object_and_an_object_stays():
    out = io.StringIO()

    Relay("json", out).feed("redis", b'plain "words"\n{"event": "mine"}\n')

    first, second = map(json.loads, out.getvalue().splitlines())
    assert (first["logger"], first["event"]) == ("redis", 'plain "words"')
    assert second == {"event": "mine"}


def test_bytes_that_are_no_text_are_shown_somehow():
    out = io.StringIO()

    Relay("text", out).feed("redis", b"\xff\n")

    assert out.getvalue() == "redis | \ufffd\n"

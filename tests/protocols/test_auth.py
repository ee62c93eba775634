from base64 import b64encode

import pytest
from django.test import RequestFactory

from bkmonitor.protocols.auth import Limiter, secret_of


def asked_with(header):
    return RequestFactory().get("/", headers={"Authorization": header})


def basic(pair):
    return f"Basic {b64encode(pair.encode()).decode()}"


@pytest.mark.parametrize(
    ("header", "secret"),
    [
        ("Bearer bkm_x", "bkm_x"),
        ("bearer  bkm_x ", "bkm_x"),
        (basic("anyone:bkm_x"), "bkm_x"),
        (basic(":a:b"), "a:b"),
        ("Basic %%%", ""),
        ("Basic /w==", ""),
        ("Digest x", ""),
        ("", ""),
    ],
)
def test_where_the_secret_stands(header, secret):
    assert secret_of(asked_with(header)) == secret


def test_a_second_of_requests_may_come_at_once_and_then_one_at_a_time():
    limiter = Limiter()

    waits = [limiter.take("1", 2, 100.0) for _ in range(3)]

    assert waits == [0, 0, 0.5]
    assert limiter.take("1", 2, 100.5) == 0
    assert limiter.take("1", 2, 100.5) > 0


def test_a_pause_saves_up_no_more_than_a_second():
    limiter = Limiter()
    limiter.take("1", 2, 100.0)

    waits = [limiter.take("1", 2, 500.0) for _ in range(3)]

    assert waits[2] > 0


def test_tokens_do_not_wait_for_each_other_and_zero_is_no_limit():
    limiter = Limiter()
    limiter.take("1", 1, 100.0)

    assert limiter.take("1", 1, 100.0) > 0
    assert limiter.take("2", 1, 100.0) == 0
    assert [limiter.take("3", 0, 100.0) for _ in range(50)] == [0] * 50


def test_a_token_whose_limit_is_lowered_feels_it_at_once():
    limiter = Limiter()
    limiter.take("1", 1000, 100.0)

    assert [limiter.take("1", 1, 100.0) > 0 for _ in range(2)] == [False, True]

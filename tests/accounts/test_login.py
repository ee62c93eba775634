from datetime import timedelta

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from bkmonitor.accounts.login import check_login, login_wait
from bkmonitor.accounts.models import LoginFailure
from bkmonitor.lib.errors import InvalidInput, TooManyRequests
from tests.factories import NOON, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "four plain words here"  # noqa: S105
HERE, THERE = "192.0.2.1", "192.0.2.2"


def fail(email="ann@example.org", address=HERE, at=NOON):
    with pytest.raises(InvalidInput):
        check_login(email, "wrong", address=address, now=at)


def test_the_right_password_lets_in_whatever_the_case_of_the_address():
    user = make_user(email="ann@example.org", password=PASSWORD)

    assert check_login(" Ann@Example.org", PASSWORD, address=HERE, now=NOON) == user
    assert not LoginFailure.objects.exists()


def test_after_five_failures_the_right_password_has_to_wait():
    make_user(email="ann@example.org", password=PASSWORD)
    for minute in range(5):
        fail(at=NOON + timedelta(minutes=minute))

    with pytest.raises(TooManyRequests, match="11 minutes") as caught:
        check_login(
            "ann@example.org", PASSWORD, address=HERE, now=NOON + timedelta(minutes=4)
        )

    assert caught.value.retry_after_s == 11 * 60


def test_the_wait_ends_when_the_first_failure_is_forgotten():
    make_user(email="ann@example.org", password=PASSWORD)
    for minute in range(5):
        fail(at=NOON + timedelta(minutes=minute))

    assert check_login(
        "ann@example.org", PASSWORD, address=HERE, now=NOON + timedelta(minutes=15)
    )


def test_somebody_elsewhere_cannot_lock_a_person_out_with_a_few_failures():
    make_user(email="ann@example.org", password=PASSWORD)
    for _ in range(5):
        fail(address=THERE)

    assert check_login("ann@example.org", PASSWORD, address=HERE, now=NOON)


def test_one_address_may_not_try_many_persons():
    for number in range(20):
        fail(email=f"person{number}@example.org")

    assert login_wait("ann@example.org", address=HERE, now=NOON) == timedelta(
        minutes=15
    )
    assert not login_wait("ann@example.org", address=THERE, now=NOON)


def test_many_addresses_may_not_try_one_person():
    for number in range(50):
        fail(address=f"198.51.100.{number}")

    assert login_wait("ann@example.org", address=HERE, now=NOON)


def test_waiting_is_not_prolonged_by_trying_again():
    for _ in range(5):
        fail()
    for _ in range(3):
        with pytest.raises(TooManyRequests):
            check_login("ann@example.org", "x", address=HERE, now=NOON)

    assert LoginFailure.objects.count() == 5


def test_a_login_forgets_that_persons_failures():
    make_user(email="ann@example.org", password=PASSWORD)
    for _ in range(4):
        fail()
    check_login("ann@example.org", PASSWORD, address=HERE, now=NOON)

    assert not LoginFailure.objects.exists()


def test_a_failure_sweeps_away_those_that_no_longer_count():
    fail()
    fail(at=NOON + timedelta(minutes=16))

    assert LoginFailure.objects.count() == 1


def test_who_was_switched_off_cannot_log_in():
    make_user(email="ann@example.org", password=PASSWORD, is_active=False)

    with pytest.raises(InvalidInput):
        check_login("ann@example.org", PASSWORD, address=HERE, now=NOON)


def test_an_unknown_person_costs_as_many_hashes_as_a_known_one(monkeypatch):
    make_user(email="ann@example.org", password=PASSWORD)
    hashed = []
    encode = MD5PasswordHasher.encode

    def counting(self, password, salt):
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)

    fail(email="ann@example.org")
    fail(email="nobody@example.org")

    assert hashed == ["wrong", "wrong"]


def test_who_comes_from_nowhere_is_counted_too():
    for _ in range(5):
        fail(address="")

    with pytest.raises(TooManyRequests):
        check_login("ann@example.org", "x", address="", now=NOON)

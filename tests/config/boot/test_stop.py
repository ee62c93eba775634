"""The grace is shared out and never overdrawn."""

import pytest

from bkmonitor.config.boot.stop import stop_times


@pytest.mark.parametrize("grace_s", [3, 8, 20, 60, 120])
def test_shares_are_positive_and_their_sum_stays_within_the_grace(grace_s):
    times = stop_times(grace_s)

    assert 0 < times.soft <= times.program
    assert times.store > 0
    assert times.program + times.store <= grace_s


def test_handing_back_work_has_its_time_in_the_default_grace():
    times = stop_times(8)

    assert times.program - times.soft >= 2.5

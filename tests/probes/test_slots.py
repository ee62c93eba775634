from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.probes.slots import next_slot, offset_s, slot_of

keys, intervals = st.integers(1, 2**40), st.integers(10, 86400)
moments = st.floats(1.7e9, 1.9e9)


@given(moments, keys, intervals)
def test_the_next_slot_is_the_first_one_after_now(now, key, interval_s):
    following = next_slot(now, key, interval_s)

    assert 0 < following - now <= interval_s
    assert slot_of(following, key, interval_s) == slot_of(now, key, interval_s) + 1


@given(moments, keys, intervals)
def test_slots_follow_one_another_at_the_interval(now, key, interval_s):
    following = next_slot(now, key, interval_s)

    assert next_slot(following, key, interval_s) == following + interval_s


def test_rows_made_together_are_spread_over_the_interval():
    seconds = Counter(offset_s(key, 60) for key in range(1, 601))

    assert len(seconds) == 60
    assert max(seconds.values()) <= 12

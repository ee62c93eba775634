"""A worker that is killed in the middle loses, doubles and reopens no alert."""

import pytest

from tests.journeys.kills import VANISHES, run

KILLS = 3

pytestmark = pytest.mark.journey


def test_kills_at_random_moments_leave_what_a_replay_gives(tmp_path):
    found = run(tmp_path, KILLS, seed=20260301)

    for name, one in found.items():
        assert one["live"] == one["replayed"], name
        assert one["live"], name
        assert not one["silence"], name
    assert found[f"s{VANISHES}"]["silences"]

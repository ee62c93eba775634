"""What was evaluated live is what a replay of the same data gives."""

import pytest

from tests.journeys.live_and_replay import run

MINUTES = 1

pytestmark = pytest.mark.journey


def test_a_replay_of_real_data_gives_what_live_evaluation_gave(tmp_path):
    found = run(tmp_path, MINUTES)

    assert {one["outcome"] for one in found.values()} == {"complete"}
    for name, one in found.items():
        assert one["live"] == one["replayed"], name
    assert any(one["live"] for one in found.values())

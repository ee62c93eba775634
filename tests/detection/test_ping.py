import pytest

from tests.detection.views import GAP, explain, make, make_view, verdict


@pytest.mark.parametrize(
    ("loss_in", "loss", "expected"),
    [
        ("ratio", 1, "anomalous"),
        ("ratio", 0.99, "normal"),
        ("ratio", 0, "normal"),
        ("percent", 100, "anomalous"),
        ("percent", 99, "normal"),
        ("percent", 1, "normal"),
        ("percent", GAP, "GAP"),
    ],
)
def test_a_target_is_unreachable_when_everything_was_lost(loss_in, loss, expected):
    assert verdict(make("ping_unreachable", loss_in=loss_in), make_view([loss])) == (
        expected
    )


def test_it_says_so():
    assert explain(make("ping_unreachable"), make_view([1])).id == "ping_unreachable"

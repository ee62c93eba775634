import pytest

from bkmonitor.protocols.prometheus_parameters import parse_time


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("1700000000", 1700000000.0),
        ("1700000000.5", 1700000000.5),
        ("2023-11-14T22:13:20Z", 1700000000.0),
        ("2023-11-14T23:13:20.500+01:00", 1700000000.5),
        ("2023-11-14T22:13:20", 1700000000.0),
        ("-292273086-05-16T16:47:06Z", 0.0),
        ("1e300", 253402300799.0),
        ("", None),
        ("now", None),
        ("NaN", None),
        ("inf", None),
        ("2023-11-14", None),
        ("2023-13-14T22:13:20Z", None),
    ],
)
def test_times(raw, seconds):
    assert parse_time(raw) == seconds

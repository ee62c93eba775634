import pytest

from bkmonitor.lib.durations import parse_duration, write_duration


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("15", 15.0),
        ("0.5", 0.5),
        ("1h30m", 5400.0),
        ("1d", 86400.0),
        ("250ms", 0.25),
        ("1y2w", 365 * 86400 + 14 * 86400),
        ("", None),
        ("1x", None),
        ("m", None),
        ("30m1h", None),
        ("NaN", None),
        ("9" * 5000 + "s", None),
    ],
)
def test_durations(raw, seconds):
    assert parse_duration(raw) == seconds


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0s"),
        (90, "1m30s"),
        (3600, "1h"),
        (86400 * 10, "10d"),
        (86400 * 14, "2w"),
        (86400 * 365, "1y"),
        (0.25, "250ms"),
    ],
)
def test_durations_are_written_as_prometheus_writes_them(seconds, written):
    assert write_duration(seconds) == written
    assert parse_duration(written) == seconds

from datetime import UTC, datetime

import pytest

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.moments import parse_moment

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", "2026-03-03T12:00:00+00:00"),
        ("2h", "2026-03-03T10:00:00+00:00"),
        ("7d ago", "2026-02-24T12:00:00+00:00"),
        ("1h30m", "2026-03-03T10:30:00+00:00"),
        ("2026-03-01", "2026-03-01T00:00:00+00:00"),
        ("2026-03-01T08:15", "2026-03-01T08:15:00+00:00"),
        ("2026-03-01T08:15+01:00", "2026-03-01T08:15:00+01:00"),
        ("2026-03-01 08:15:00Z", "2026-03-01T08:15:00+00:00"),
    ],
)
def test_a_moment_is_a_time_or_how_long_ago(text, moment):
    assert parse_moment(text, NOW).isoformat() == moment


@pytest.mark.parametrize(
    "text", ["", "soon", "-2h", "2x", "2026-13-01", "nan", "9999y"]
)
def test_what_is_no_moment_is_named(text):
    with pytest.raises(InvalidInput, match="is no moment") as refused:
        parse_moment(text, NOW)
    assert repr(text) in str(refused.value)

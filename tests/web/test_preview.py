import time
from datetime import UTC, datetime

import pytest

from bkmonitor.evaluation.backtest import FiringSpan
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.web.preview import MOST_SHOWN, show, stretches_of
from tests.factories import make_level
from tests.recorded import Recorded

FIRST = int(time.time()) // 3600 * 3600
NOW = datetime.fromtimestamp(FIRST + 3603, UTC)


def shown(samples, span="1h", **fields):
    fields = {"expression": "cpu", "levels": [make_level(1, ">", 90.0)], **fields}
    store = Recorded(samples={("cpu", host): row for host, row in samples.items()}, first=FIRST)  # fmt: skip
    with replaced_by(store):
        return show("shop", fields, span, NOW)


def test_the_worst_series_come_first_and_the_rest_is_counted():
    calm = {f"host-{at:02}": [1.0] * 61 for at in range(MOST_SHOWN + 4)}
    bad = [1.0] * 60 + [95.0]

    found = shown({**calm, "bad": bad})

    assert found.found.series[0].labels == {"host": "bad"}
    assert (len(found.found.series), found.hidden) == (MOST_SHOWN, 5)
    assert len(found.chart["columns"]) == 1 + MOST_SHOWN


def test_a_chart_has_gaps_anomalies_and_when_something_fired():
    row = [1.0] * 61
    row[10:12], row[30] = [95.0, 96.0], None

    chart = shown({"a": row}).chart

    times, values = chart["columns"]
    assert times[0] == FIRST
    assert (values[10], values[30]) == (95.0, None)
    assert chart["marks"] == [[(10, 1), (11, 1)]]
    assert chart["stretches"] == [(FIRST + 600, FIRST + 720, 1)]


def test_the_newest_alerts_are_listed_first():
    row = [1.0] * 61
    row[10], row[20] = 95.0, 95.0

    starts = [span.start - FIRST for _series, span in shown({"a": row}).newest]

    assert starts == [1200, 600]


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"expression": "  "}, "empty"),
        ({"expression": "", "levels": [make_level(1, ">", 1, expression="cpu")]}, "complete"),
        ({"expression": "cpu["}, "invalid"),
        ({"trigger_count": 9}, "invalid"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_not(fields, outcome):
    assert shown({"a": [1.0]}, **fields).outcome == outcome


def test_without_a_store_nothing_is_asked(settings):
    settings.VM_WRITE_URL = settings.VM_QUERY_URL = ""

    assert show("shop", {"expression": "cpu"}, "1h", NOW).outcome == "off"


def span(start, end, *severities):
    return FiringSpan(0, start, end, tuple(severities) or ((start, 2),))


@pytest.mark.parametrize(
    ("spans", "stretches"),
    [
        ([], []),
        ([span(10, 20)], [(10, 20, 2)]),
        ([span(10, None)], [(10, None, 2)]),
        ([span(10, 30, (10, 2), (20, 1))], [(10, 20, 2), (20, 30, 1)]),
        ([span(10, 30), span(20, 40)], [(10, 40, 2)]),
        ([span(10, 40), span(20, 30, (20, 1))], [(10, 20, 2), (20, 30, 1), (30, 40, 2)]),
        ([span(10, 20), span(20, 30)], [(10, 20, 2), (20, 30, 2)]),
        ([span(10, 20), span(15, None, (15, 3))], [(10, 20, 2), (20, None, 3)]),
    ],
)  # fmt: skip
def test_of_alerts_at_one_time_the_worst_is_drawn(spans, stretches):
    assert stretches_of(spans) == stretches

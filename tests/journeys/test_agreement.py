"""Our queries of VictoriaMetrics against Prometheus with the same samples.

Every point must depend on its moment alone: a strategy is evaluated point by point,
and replayed over a whole day.
"""

import random
import time
from urllib.parse import urlencode

import numpy as np
import pytest
import urllib3
from cramjam import snappy

from bkmonitor.lib.labels import identity_of
from bkmonitor.metrics import query
from bkmonitor.metrics.tsdb.decode import range_result
from tests import servers
from tests.remote_write import STALE, write_series

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket]

HTTP = urllib3.PoolManager(retries=False, timeout=30.0)
RECEIVES = "--web.enable-remote-write-receiver"
LENGTH = 2 * 3600
SLICE_MS = 600_000
SAME = [
    "m",
    "m offset 7m",
    "m @ {middle}",
    "m > 9",
    "(m - 3) / m * 100",
    "sum(m)",
    "avg by (kind) (m)",
    "count(m > 9)",
    "abs(-m)",
    "absent(m{{kind='gaps'}})",
    "timestamp(m)",
    "m and on (kind) (c > 50)",
    "avg_over_time(m[5m])",
    "max_over_time(m[1m])",
    "min_over_time(m[10s])",
    "count_over_time(m[5m])",
    "last_over_time(m[10m])",
    "quantile_over_time(0.9, m[5m])",
    "stddev_over_time(m[5m])",
    "absent_over_time(m{{kind='gaps'}}[1m])",
    "changes(m[5m])",
    "resets(c[10m])",
    "irate(c[5m])",
]
OF_ONE_MOMENT = [
    "rate(c[5m])",
    "rate(c[1m])",
    "increase(c[5m])",
    "delta(m[5m])",
    "idelta(m[5m])",
    "deriv(m[5m])",
    "predict_linear(m[5m], 60)",
    "double_exponential_smoothing(m[10m], 0.5, 0.5)",
    "max_over_time(m[10m:30s])",
    "avg_over_time(rate(c[5m])[10m:1m])",
    "sum(rate(c[5m])) / sum(rate(c[10m] offset 5m))",
]


def pause_s(kind, rng, since_s):
    """Return how long a kind of series waits for its next sample."""
    if kind == "random":
        return rng.choice([1, 5, 15, 30, 90, 200])
    if kind == "jitter":
        return 15 + rng.uniform(-0.3, 0.3)
    if kind == "slows down":
        return 15 if since_s < LENGTH / 2 else 60
    return {"slow": 60, "slower": 240, "rare": 420}.get(kind, 15)


GAPS = {
    "gaps": [(900, 960), (1500, 1650), (2400, 2640), (3600, 3960), (5000, 5650)],
    "ends": [(1200, 2000), (4000, LENGTH)],
    "short": [(0, 3000), (3200, LENGTH)],
    "once": [(0, 4000), (4016, LENGTH)],
}
KINDS = ["regular", "random", "jitter", "slows down", "slow", "slower", "rare", *GAPS]


def samples(kind, begin, rng, value):
    """Return the samples of a kind; `ends` and `short` are marked as stale then."""
    out, since_s = [], rng.uniform(0, 15)
    while since_s < LENGTH:
        at_ms = int((begin + since_s) * 1000)
        if not any(first <= since_s < last for first, last in GAPS.get(kind, ())):
            out.append((at_ms, value(len(out))))
        elif kind in ("ends", "short") and out and out[-1][1] is not STALE:
            out.append((at_ms, STALE))
        since_s += pause_s(kind, rng, since_s)
    return out


def make_series(begin):
    rng = random.Random(7)
    made = []
    for kind in KINDS:
        for name, value in (
            ("m", lambda n: float(n % 17) + n / 7),
            ("c", lambda n: float(n % 97 * 3)),
        ):
            labels = [("__name__", name), ("kind", kind), ("space", "ops")]
            made.append((labels, samples(kind, begin, rng, value)))
    return made


def load(url, series):
    """Send the samples in the order of time, which Prometheus asks for."""
    begin, end = (pick(at for _labels, points in series for at, _value in points) for pick in (min, max))  # fmt: skip
    for first in range(begin, end + 1, SLICE_MS):
        some = [
            (labels, [point for point in points if 0 <= point[0] - first < SLICE_MS])
            for labels, points in series
        ]
        body = bytes(snappy.compress_raw(write_series(part for part in some if part[1])))  # fmt: skip
        headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}  # fmt: skip
        answer = HTTP.request("POST", f"{url}/api/v1/write", body=body, headers=headers)
        assert answer.status in (200, 204), answer.data


def answer_of(url):
    return HTTP.request("GET", url).data.decode()


def wait_for_all(url, series, end):
    """Wait until the store shows every sample."""
    counting = 'sum(count_over_time({__name__=~"m|c"}[3h]))'
    asked = urlencode({"query": counting, "nocache": 1, "time": end})
    there = sum(value is not STALE for _labels, points in series for _at, value in points)  # fmt: skip
    query_url = f"{url}/api/v1/query?{asked}"
    servers.wait_for(lambda: f'"{there}"' in answer_of(query_url), what="samples")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Run both stores with the same samples; give them, and where the samples begin."""
    folder = tmp_path_factory.mktemp("stores")
    begin = int(time.time()) // 3600 * 3600 - LENGTH - 600
    series = make_series(begin)
    with (
        servers.victoria_metrics(folder) as ours,
        servers.prometheus(folder, RECEIVES) as theirs,
    ):
        load(ours.url, series)
        load(theirs.url, series)
        wait_for_all(ours.url, series, begin + LENGTH)
        yield ours, theirs, begin


@pytest.fixture
def stores(both, settings):
    settings.VM_WRITE_URL = settings.VM_QUERY_URL = both[0].url
    return both


def ask(expression, begin, end, step_s):
    result = query.query_range("ops", expression, begin, end, step_s)
    assert result.outcome == "complete", result.reason
    return by_identity(result.frame)


def ask_prometheus(url, expression, begin, end, step_s):
    asked = {"query": expression, "start": begin, "end": end, "step": step_s}
    body = answer_of(f"{url}/api/v1/query_range?{urlencode(asked)}").encode()
    return by_identity(range_result(body, begin, end, step_s).frame)


def by_identity(frame):
    """Return the series that have any point, by their labels without a name."""
    rows = zip(frame.labels, frame.values, strict=True)
    return {identity_of(labels): row for labels, row in rows if not np.isnan(row).all()}


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for labels, values in ours.items():
        np.testing.assert_allclose(
            values, theirs[labels], rtol=1e-9, err_msg=str(labels)
        )


@pytest.mark.parametrize("step_s", [15, 60, 300, 600])
@pytest.mark.parametrize("expression", SAME)
def test_every_point_is_what_prometheus_gives(stores, expression, step_s):
    _ours, theirs, begin = stores
    begin, end = begin // step_s * step_s, (begin + LENGTH) // step_s * step_s
    expression = expression.format(middle=begin + LENGTH // 2)

    given = ask(expression, begin, end, step_s)

    assert given
    assert_same(given, ask_prometheus(theirs.url, expression, begin, end, step_s))


@pytest.mark.parametrize("expression", SAME + OF_ONE_MOMENT)
def test_a_part_of_a_range_has_the_points_of_the_whole(stores, expression):
    _ours, _theirs, begin = stores
    expression = expression.format(middle=begin + LENGTH // 2)
    rng = random.Random(11)
    for step_s in (15, 60):
        points = LENGTH // step_s + 1
        whole = ask(expression, begin, begin + LENGTH, step_s)
        for _ in range(12):
            first = rng.randrange(points)
            last = min(points - 1, first + rng.choice([0, 0, 1, 3, 30]))
            part = ask(
                expression, begin + first * step_s, begin + last * step_s, step_s
            )
            cut = {labels: row[first : last + 1] for labels, row in whole.items()}
            assert_same(
                part, {k: row for k, row in cut.items() if not np.isnan(row).all()}
            )


@pytest.mark.parametrize("expression", ["m", "rate(c[5m])", "max_over_time(m[1m])"])
def test_a_moment_is_a_range_of_one_point(stores, expression):
    _ours, _theirs, begin = stores
    for at in range(begin + 600, begin + LENGTH, 660):
        moment = query.query_instant("ops", expression, at)

        assert_same(by_identity(moment.frame), ask(expression, at, at, 60))


def test_a_long_range_is_asked_for_in_pieces_and_joined(stores):
    _ours, _theirs, begin = stores
    end = begin - 5_000 + 12_000

    whole = ask("m", begin - 5_000, end, 1)

    later = ask("m", end - 3_000, end, 1)
    assert all(len(row) == 12_001 for row in whole.values())
    assert_same({k: row[-3_001:] for k, row in whole.items() if k in later}, later)


def test_what_the_store_will_not_say_at_once_is_asked_for_in_pieces(
    stores, tmp_path, settings
):
    _ours, theirs, begin = stores
    limit = "-search.maxPointsPerTimeseries=50"
    with servers.victoria_metrics(tmp_path, limit) as narrow:
        series = make_series(begin)
        load(narrow.url, series)
        wait_for_all(narrow.url, series, begin + LENGTH)
        settings.VM_WRITE_URL = settings.VM_QUERY_URL = narrow.url

        given = ask("m", begin, begin + LENGTH, 60)
        refused = query.query_range("ops", "m", begin, begin + LENGTH, 1)

        assert_same(given, ask_prometheus(theirs.url, "m", begin, begin + LENGTH, 60))
        assert refused.frame is None
        assert "too many points" in refused.reason

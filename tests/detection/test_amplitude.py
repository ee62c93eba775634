import numpy as np
import pytest

from bkmonitor.detection.port import Lookback, View
from bkmonitor.lib.errors import InvalidInput
from tests.detection.views import DAY_S, GAP, explain, make, make_view, verdict

HOUR = 3600


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        # 20 % of 100 is 20, and 5 more: 25.
        pytest.param(100, 125, "anomalous", id="up by the limit"),
        pytest.param(100, 124, "normal", id="up by less"),
        pytest.param(100, 75, "anomalous", id="down by the limit"),
        pytest.param(49, 100, "normal", id="the one before is below the minimum"),
        pytest.param(50, 65, "anomalous", id="both at the minimum or above"),
        pytest.param(100, 49, "normal", id="the value is below the minimum"),
        pytest.param(GAP, 49, "normal", id="below it, whatever was before"),
        pytest.param(GAP, 100, "NO_HISTORY", id="unknown before"),
        pytest.param(100, GAP, "GAP", id="a gap"),
    ],
)
def test_a_jump_is_some_percent_and_some_more(before, now, expected):
    jump = make("ring_ratio_amplitude", percent=20, amount=5, minimum=50)

    assert verdict(jump, make_view([before, now])) == expected


@pytest.mark.parametrize("points", [[50, 100], [100, 50]])
def test_one_minimum_in_one_unit_holds_for_both_points(points):
    far_enough = {"percent": 20, "amount": 5}

    for minimum, expected in ((50, "anomalous"), (51, "normal")):
        jump = make("ring_ratio_amplitude", minimum=minimum, **far_enough)
        assert verdict(jump, make_view(points)) == expected


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(0, 5, "anomalous", id="from zero, the amount alone decides"),
        pytest.param(0, 4, "normal", id="from zero, by less"),
        pytest.param(-100, -75, "anomalous", id="negative values by their size"),
        pytest.param(-100, -76, "normal", id="negative values, by less"),
        pytest.param(-100, -100, "normal", id="negative values that stay"),
    ],
)
def test_without_a_minimum_zero_and_negative_values_are_judged(before, now, expected):
    jump = make("ring_ratio_amplitude", percent=20, amount=5)

    assert verdict(jump, make_view([before, now])) == expected


def test_a_jump_is_told_with_its_limit():
    jump = make("ring_ratio_amplitude", percent=20, amount=5)

    assert explain(jump, make_view([100, 60])).params == {
        "value": 60.0, "reference": 100.0, "change": 40.0, "limit": 25.0,
    }  # fmt: skip


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(InvalidInput, match="both are 0"):
        make("ring_ratio_amplitude", minimum=5)


def make_days(*days):
    """Return a view of one judged point; each day is its points an hour apart.

    The last day is the judged one, and its last point is judged.
    """
    per_day = len(days[0])
    ends = -np.arange(len(days), dtype=np.int64)[::-1] * DAY_S
    hours = -np.arange(per_day, dtype=np.int64)[::-1] * HOUR
    grid = (ends[:, None] + hours).ravel() + 100 * DAY_S
    return View(
        times=grid[-1:],
        labels=({"host": "a"},),
        step_s=HOUR,
        grid=grid,
        known=np.array([[value for day in days for value in day]], dtype=float),
    )


def swing(days, **parameters):
    return make("year_round_amplitude", days=days, **{"percent": 200, **parameters})


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        # Twice the swing of an earlier day, and 1 more.
        pytest.param([[0, 2], [0, 5]], "anomalous", id="5 is 2 times 2 plus 1"),
        pytest.param([[0, 2], [0, 4.9]], "normal", id="less is normal"),
        pytest.param([[0, 2], [5, 0]], "anomalous", id="down counts as up does"),
        pytest.param([[3, 3], [0, 1]], "anomalous", id="no swing then is one of zero"),
        pytest.param(
            [[0, 9], [0, 2], [0, 5]], "anomalous", id="a day before is enough"
        ),
        pytest.param([[0, 2], [0, 9], [0, 5]], "anomalous", id="two days before too"),
        pytest.param([[0, 2], [GAP, 9], [0, 5]], "anomalous", id="a hole hides no day"),
        pytest.param([[0, 9], [0, GAP], [0, 5]], "normal", id="the days known decide"),
        pytest.param([[GAP, 9], [0, GAP], [0, 5]], "NO_HISTORY", id="no day is known"),
        pytest.param(
            [[0, 2], [0, 2], [GAP, 5]], "NO_HISTORY", id="nothing just before"
        ),
        pytest.param([[0, 2], [0, 2], [0, GAP]], "GAP", id="a gap"),
    ],
)
def test_a_swing_is_held_against_that_of_each_earlier_day(days, expected):
    detector = swing(len(days) - 1, amount=1)

    assert verdict(detector, make_days(*days)) == expected


def test_a_missing_day_hides_no_anomaly_of_another():
    days = [[0, 2], [GAP, GAP], [GAP, 9], [0, 5]]

    assert verdict(swing(3, amount=1), make_days(*days)) == "anomalous"


def test_the_day_that_matches_is_told():
    told = explain(swing(2, amount=1), make_days([0, 2], [0, 9], [0, 5])).params

    assert (told["day"], told["size"], told["reference"]) == (2.0, 5.0, 2.0)
    assert (told["limit"], told["operator"]) == (5.0, ">=")


def test_a_swing_needs_two_points_of_each_day():
    assert set(swing(2).lookbacks(HOUR)) == {
        Lookback(n, n) for n in (1, 24, 25, 48, 49)
    }


def size(days, **parameters):
    return make("year_round_range", days=days, **parameters)


@pytest.mark.parametrize(
    ("operator", "days", "expected"),
    [
        # Half of what it was, and 10 more: of 100 that is 60.
        pytest.param("<=", [[100], [60]], "anomalous", id="at most"),
        pytest.param("<=", [[100], [61]], "normal", id="more"),
        pytest.param("<", [[100], [60]], "normal", id="less than"),
        pytest.param(">", [[100], [61]], "anomalous", id="more than"),
        pytest.param("==", [[100], [60]], "anomalous", id="just that"),
        pytest.param("<=", [[-100], [-60]], "anomalous", id="sizes have no sign"),
        pytest.param("<=", [[0], [0]], "anomalous", id="zero is a value"),
        pytest.param("<=", [[GAP], [0]], "NO_HISTORY", id="unknown"),
        pytest.param("<=", [[100], [GAP], [60]], "anomalous", id="two days before"),
        pytest.param("<=", [[GAP], [100], [61]], "normal", id="the day that is known"),
    ],
)
def test_a_size_is_held_against_that_of_each_earlier_day(operator, days, expected):
    detector = size(len(days) - 1, percent=50, amount=10, operator=operator)

    assert verdict(detector, make_days(*days)) == expected


def test_a_hole_moves_no_day_to_another_number():
    days = make_days([100], [GAP], [500], [60])

    told = explain(size(3, percent=50, amount=10, operator="=="), days).params

    assert (told["day"], told["reference"]) == (3.0, 100.0)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"days": 0, "percent": 1}, "days"),
        ({"days": 32, "percent": 1}, "days"),
        ({"days": 1, "percent": -1}, "percent"),
        ({"days": 1, "percent": 1, "operator": "!="}, "operator"),
        ({"percent": 1}, "days"),
    ],
)
def test_days_and_percent_have_bounds(parameters, field):
    with pytest.raises(InvalidInput) as refused:
        make("year_round_range", **parameters)

    assert set(refused.value.fields) == {field}

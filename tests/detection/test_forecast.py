import numpy as np
import pytest

from bkmonitor.detection.port import Lookback, Reason
from bkmonitor.lib.errors import InvalidInput
from tests.detection.fetched import fetch
from tests.detection.views import DAY_S, GAP, explain, make, make_view, verdict

HOUR = 3600
RISING = [*range(60, 71)]  # 1 a minute


def forecast(**parameters):
    given = {"operator": ">", "limit": 80, "horizon_s": 660, "history_s": 600}
    return make("forecast", **(given | parameters))


@pytest.mark.parametrize("method", ["linear", "holt"])
@pytest.mark.parametrize(
    ("values", "parameters", "expected"),
    [
        pytest.param(RISING, {}, "anomalous", id="81 in eleven minutes"),
        pytest.param(RISING, {"horizon_s": 600}, "normal", id="80 in ten is not above"),
        pytest.param(
            RISING, {"horizon_s": 600, "operator": ">="}, "anomalous", id="but at"
        ),
        pytest.param(RISING[::-1], {}, "normal", id="on its way down"),
        pytest.param(
            RISING[::-1], {"operator": "<", "limit": 50}, "anomalous", id="49 in eleven"
        ),
        pytest.param([*RISING[:-1], 81], {}, "anomalous", id="beyond already"),
        pytest.param([GAP] * 10 + [81], {}, "anomalous", id="beyond already, no past"),
        pytest.param([GAP] * 10 + [79], {}, "TOO_FEW", id="no past, so none is judged"),
        pytest.param([*RISING[:-1], GAP], {}, "GAP", id="a gap"),
        pytest.param([*RISING[:-1], np.inf], {}, "anomalous", id="infinity is beyond"),
        pytest.param([0] * 11, {"limit": 1}, "normal", id="zeros stay"),
        pytest.param(
            [0] * 11, {"limit": 0, "operator": ">="}, "anomalous", id="at zero"
        ),
    ],
)
def test_what_will_be_beyond_the_limit_is_an_anomaly(
    method, values, parameters, expected
):
    detector = forecast(method=method, **parameters)

    assert verdict(detector, make_view(values, judged=1)) == expected


def test_it_says_when():
    sentence = explain(forecast(), make_view(RISING, judged=1))

    assert sentence.id == "forecast"
    assert sentence.params == {
        "value": 70.0, "in_s": pytest.approx(600), "predicted": pytest.approx(81),
        "operator": ">", "limit": 80.0, "horizon_s": 660,
    }  # fmt: skip


def test_of_what_is_beyond_already_it_says_just_that():
    sentence = explain(forecast(), make_view([*RISING[:-1], 81], judged=1))

    assert sentence.id == "limit"
    assert sentence.params == {"value": 81.0, "operator": ">", "limit": 80.0}


def test_an_outlier_does_not_make_an_alert():
    values = [50, 50, 50, 50, 50, 50, 50, 79, 50, 50, 50]

    assert verdict(forecast(), make_view(values, judged=1)) == "normal"


def test_a_dip_does_not_hide_where_the_values_are():
    values = [*[90] * 10, 79]

    sentence = explain(forecast(), make_view(values, judged=1))

    assert sentence.id == "forecast"
    assert sentence.params["in_s"] == 60


def test_what_has_just_come_back_and_goes_on_falling_is_normal():
    values = [90, 89, 88, 87, 86, 85, 84, 83, 82, 81, 79]

    assert verdict(forecast(limit=78.5), make_view(values[:-1] + [78], judged=1)) == (
        "normal"
    )


def flat(known):
    """Return a view of 2000 series about 20, known for the last of 361 minutes."""
    noise = 20 + np.random.default_rng(1).normal(0, 0.5, (2000, 361))
    noise[:, : 361 - known] = GAP
    return make_view(*noise, judged=1)


@pytest.mark.parametrize(
    ("known", "reason"),
    [(13, Reason.TOO_FEW), (184, Reason.TOO_FEW), (185, Reason.JUDGED)],
)
def test_the_noise_of_a_young_series_is_not_drawn_out_over_hours(known, reason):
    found = make("forecast", operator="<", limit=0.0).judge(flat(known))

    assert not found.anomalous.any()
    assert (found.unjudged == reason).all()


def test_a_few_points_from_before_an_outage_do_not_make_a_line():
    view = flat(361)
    view.known[:, 4:350] = GAP

    found = make("forecast", operator="<", limit=0.0).judge(view)

    assert (found.unjudged == Reason.TOO_FEW).all()


def test_smoothing_follows_a_bend_that_a_line_does_not():
    values = [50] * 200 + [50 + 0.5 * at for at in range(1, 101)]
    line = forecast(limit=115, horizon_s=1800, history_s=299 * 60)
    holt = forecast(
        limit=115, horizon_s=1800, history_s=299 * 60, method="holt", slope_share=0.2
    )
    view = make_view(values, judged=1)

    # From 100 on, 0.5 a minute: 115 in half an hour.
    assert line.judge(view).facts["predicted"].item() < 80
    assert holt.judge(view).facts["predicted"].item() == pytest.approx(115, abs=1.5)


def daily(times):
    """Return what rises by 1 a day and by 40 at noon, from 0 at the epoch."""
    hours = times / HOUR % 24
    return times / DAY_S - 20_454 + 40 * np.maximum(0, 1 - np.abs(hours - 12) / 6)


MORNING = 20_454 * DAY_S + 6 * HOUR


def winters(**parameters):
    given = {"method": "holt_winters", "history_s": 3 * DAY_S, "horizon_s": 8 * HOUR}
    return forecast(**(given | parameters))


def test_a_season_is_seen_coming():
    # At six the hill has begun to rise from 0.25; at noon it is at 40.5.
    detector = winters(limit=39)

    view = fetch(detector, [MORNING], daily, step_s=HOUR)

    assert detector.lookbacks(HOUR) == (Lookback(1, 71),)
    assert verdict(detector, view) == "anomalous"
    assert explain(detector, view).params["in_s"] == 6 * HOUR
    assert verdict(winters(limit=41), view) == "normal"


def test_and_seen_going():
    # At three in the afternoon it is still above 20, and falling.
    detector = winters(limit=10, operator="<", horizon_s=2 * HOUR)
    afternoon = fetch(detector, [MORNING + 9 * HOUR], daily, step_s=HOUR)

    assert verdict(detector, afternoon) == "anomalous"


def test_a_season_needs_two_days():
    with pytest.raises(InvalidInput) as refused:
        winters(history_s=DAY_S)

    assert "86400 is less than two days" in refused.value.fields["history_s"]

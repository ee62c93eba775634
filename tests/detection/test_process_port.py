import pytest

from tests.detection.views import GAP, explain, make, make_view, verdict


def seen(value, **labels):
    return make_view([value], labels=(labels,))


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        pytest.param(seen(1), "normal", id="runs, and no label speaks of ports"),
        pytest.param(seen(1, nonlisten="[]"), "normal", id="an empty list"),
        pytest.param(seen(1, nonlisten="null"), "normal", id="null is an empty list"),
        pytest.param(seen(1, nonlisten=" "), "normal", id="blanks are an empty list"),
        pytest.param(seen(1, nonlisten="[80]"), "anomalous", id="a port is closed"),
        pytest.param(
            seen(1, not_accurate_listen='["127.0.0.1:80"]'), "anomalous", id="elsewhere"
        ),
        pytest.param(seen(0), "anomalous", id="zero is a value: it does not run"),
        pytest.param(seen(2), "anomalous", id="anything but 1"),
        pytest.param(seen(GAP, nonlisten="[80]"), "GAP", id="a gap"),
    ],
)
def test_a_process_runs_and_listens_or_not(view, expected):
    assert verdict(make("process_port"), view) == expected


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        (seen(0, nonlisten="[80]"), "missing"),
        (seen(1, nonlisten="[80]", not_accurate_listen="[81]"), "closed"),
        (seen(1, nonlisten="[]", not_accurate_listen="[81]"), "elsewhere"),
    ],
)
def test_the_first_problem_is_told(view, problem):
    assert explain(make("process_port"), view).params["problem"] == problem


def test_labels_may_have_other_names():
    detector = make("process_port", closed_label="closed")

    assert verdict(detector, seen(1, closed="[80]")) == "anomalous"
    assert verdict(detector, seen(1, nonlisten="[80]")) == "normal"

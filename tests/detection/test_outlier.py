import numpy as np
import pytest

from tests.detection.views import GAP, explain, make, make_view, verdict


def outlier(**parameters):
    return make("outlier", **({"min_width_percent": 0} | parameters))


# The median is 12, the MAD 1: three deviations reach to 16.4478 and 7.5522.
@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (50, "anomalous"),
        (16.5, "anomalous"),
        (16.4, "normal"),
        (0, "anomalous"),
        (GAP, "GAP"),
        (-np.inf, "anomalous"),
    ],
)
def test_a_series_is_held_against_its_group(last, expected):
    view = make_view([10], [11], [12], [13], [12], [last])

    assert verdict(outlier(), view, row=-1) == expected


def labels_of(*jobs):
    return [
        {"host": str(number)} | ({"job": job} if job else {})
        for number, job in enumerate(jobs)
    ]


def test_groups_are_made_by_labels_wherever_their_members_stand():
    rows = [[1], [100], [2], [101], [3], [102], [100], [1]]
    labels = labels_of("a", "b", "a", "b", "a", "b", "a", "b")

    found = outlier(by=["job"], min_members=4).judge(make_view(*rows, labels=labels))

    assert found.anomalous[:, 0].tolist() == [False] * 6 + [True, True]
    assert found.facts["usual"][:, 0].tolist() == [2.5, 100.5] * 4


def test_series_that_lack_the_label_are_a_group_of_their_own():
    labels = labels_of("a", "a", "a", "", "", "")

    found = outlier(by=["job"], min_members=3).judge(
        make_view([1], [2], [3], [7], [8], [9], labels=labels)
    )

    assert found.facts["usual"][:, 0].tolist() == [2, 2, 2, 8, 8, 8]


def test_a_group_is_as_large_as_it_is_at_each_moment():
    rows = [[1, 1], [1, 1], [1, 1], [1, GAP], [9, 9]]

    found = outlier().judge(make_view(*rows))

    assert found.anomalous.tolist() == [[False, False]] * 4 + [[True, False]]
    assert verdict(outlier(), make_view(*rows)) == "TOO_FEW"
    assert found.facts["members"].tolist() == [[5, 4]] * 5


def test_many_groups_are_judged_in_parts(monkeypatch):
    monkeypatch.setattr("bkmonitor.detection.outlier.SLICE_BYTES", 300)
    values = np.random.default_rng(1).normal(size=(60, 7))
    labels = labels_of(*(["a"] * 30 + ["b"] * 10 + ["c"] * 10 + ["d"] * 10))
    view = make_view(*values.tolist(), labels=labels)

    in_parts = outlier(by=["job"]).judge(view)
    monkeypatch.undo()
    at_once = outlier(by=["job"]).judge(view)

    assert (in_parts.anomalous == at_once.anomalous).all()
    assert (in_parts.facts["upper"] == at_once.facts["upper"]).all()


def test_the_group_is_told():
    labels = labels_of(*"aaaaaa")
    view = make_view([10], [11], [12], [13], [12], [50], labels=labels)

    sentence = explain(outlier(by=["job"]), view, row=-1)

    assert sentence.id == "outlier"
    assert sentence.params["usual"] == 12
    assert sentence.params["members"] == 6
    assert sentence.params["by"] == ["job"]

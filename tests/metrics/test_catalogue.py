import json

import pytest

from bkmonitor.lib.http import Answer
from bkmonitor.metrics import catalogue
from bkmonitor.metrics.tsdb.current import replaced_by
from tests.factories import NOON
from tests.fakes import FakeTsdb


@pytest.fixture
def store():
    store = FakeTsdb()
    with replaced_by(store):
        yield store


def tell(store, *names, status=200):
    store.answer = Answer(status, {}, json.dumps({"data": names}).encode())


def test_metrics_that_begin_with_what_is_typed_come_first(store):
    tell(store, "cpu_load", "load1", "Load5", "other")

    assert catalogue.metric_names("shop", "load", NOON) == ["Load5", "load1", "cpu_load"]  # fmt: skip


def test_the_store_is_asked_in_the_space_for_what_is_typed_as_it_is(store):
    tell(store)

    catalogue.metric_names("shop", 'a.b"', NOON)

    ((space, path, asked),) = store.asked
    assert (space, path) == ("shop", "label/__name__/values")
    assert dict(asked)["match[]"] == r'{__name__=~"(?i).*a\\.b\".*"}'
    assert int(dict(asked)["end"]) - int(dict(asked)["start"]) == 86_400


def test_labels_are_those_of_the_metric_but_for_ours(store):
    tell(store, "__name__", "host", "job", "space")

    assert catalogue.label_names("shop", "load", "", NOON) == ["host", "job"]
    assert dict(store.asked[0][2])["match[]"] == '{__name__="load"}'


def test_without_a_metric_the_labels_are_those_of_all(store):
    tell(store, "host")

    assert catalogue.label_names("shop", "", "", NOON) == ["host"]
    assert dict(store.asked[0][2])["match[]"] == '{__name__!=""}'


def test_values_are_those_of_the_metrics_label(store):
    tell(store, "web-1", "db-1")

    assert catalogue.label_values("shop", "load", "host", "WEB", NOON) == ["web-1"]
    assert store.asked[0][1] == "label/host/values"


@pytest.mark.parametrize("label", ["", "a/b", "..", "a?b", "__name__/values?x="])
def test_what_is_no_label_is_not_asked_for(store, label):
    assert catalogue.label_values("shop", "load", label, "", NOON) == []
    assert store.asked == []


def test_no_more_is_proposed_than_one_reads(store):
    tell(store, *(f"metric_{number}" for number in range(5_000)))

    assert len(catalogue.metric_names("shop", "", NOON)) == catalogue.MOST


@pytest.mark.parametrize(
    "answer", [Answer(503, {}, b"{}"), Answer(200, {}, b"<html>"), Answer(200, {}, b"[]"), Answer(200, {}, b'{"data": null}')]
)  # fmt: skip
def test_a_store_that_answers_nonsense_proposes_nothing(store, answer):
    store.answer = answer

    assert catalogue.metric_names("shop", "load", NOON) == []


def test_a_store_that_is_away_proposes_nothing(store):
    store.down = True

    assert catalogue.metric_names("shop", "load", NOON) == []

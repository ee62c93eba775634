import copy
import operator
import pickle

import orjson
import pytest

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.labels import (
    LabelSet,
    check_labels,
    fingerprint,
    fingerprints,
    identities_of,
    identity_of,
)


def test_the_order_of_labels_does_not_matter():
    assert fingerprint({"a": "1", "b": "2"}) == fingerprint({"b": "2", "a": "1"})


def test_another_value_is_another_series():
    assert fingerprint({"a": "1"}) != fingerprint({"a": "2"})


@pytest.mark.parametrize("name", ["0a", "a-b", "__name__", "", "a\n"])
def test_a_name_that_prometheus_would_refuse_is_named_in_the_error(name):
    with pytest.raises(InvalidInput, match="is not a label name"):
        check_labels({name: "x"})


def test_a_label_set_is_a_mapping_like_any_other():
    labels = LabelSet({"b": "2", "a": "1"})

    assert labels == {"a": "1", "b": "2"}
    assert fingerprint(labels) == labels.fingerprint == fingerprint(dict(labels))
    assert orjson.loads(orjson.dumps(labels)) == labels
    assert copy.deepcopy(labels) == pickle.loads(pickle.dumps(labels)) == labels


def test_equal_label_sets_are_one_key():
    assert len({LabelSet({"a": "1", "b": "2"}), LabelSet({"b": "2", "a": "1"})}) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda labels: labels.update(a="2"),
        lambda labels: labels.pop("a"),
        lambda labels: labels.setdefault("b", "2"),
        lambda labels: operator.setitem(labels, "a", "2"),
        lambda labels: operator.delitem(labels, "a"),
        lambda labels: operator.ior(labels, {"a": "2"}),
    ],
)
def test_a_label_set_does_not_change(change):
    labels = LabelSet({"a": "1"})

    with pytest.raises(TypeError):
        change(labels)

    assert labels == {"a": "1"}


def test_the_identity_leaves_out_what_does_not_tell_series_apart():
    labels = LabelSet({"__name__": "up", "space": "ops", "host": "a"})
    plain = LabelSet({"host": "a"})

    assert labels.identity == identity_of(dict(labels)) == {"host": "a"}
    assert labels.identity is labels.identity
    assert plain.identity is plain


@pytest.mark.parametrize("kind", [dict, LabelSet])
def test_many_are_done_at_once_whatever_mappings_they_are(kind):
    many = [kind({"__name__": "up", "host": host}) for host in "ab"]

    assert identities_of(many) == ({"host": "a"}, {"host": "b"})
    assert fingerprints(many) == [fingerprint(labels) for labels in many]

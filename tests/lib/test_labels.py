import pytest

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.labels import check_labels, fingerprint


def test_the_order_of_labels_does_not_matter():
    assert fingerprint({"a": "1", "b": "2"}) == fingerprint({"b": "2", "a": "1"})


def test_another_value_is_another_series():
    assert fingerprint({"a": "1"}) != fingerprint({"a": "2"})


@pytest.mark.parametrize("name", ["0a", "a-b", "__name__", "", "a\n"])
def test_a_name_that_prometheus_would_refuse_is_named_in_the_error(name):
    with pytest.raises(InvalidInput, match="is not a label name"):
        check_labels({name: "x"})

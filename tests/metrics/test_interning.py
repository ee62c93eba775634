import pytest

from bkmonitor.metrics.tsdb.interning import Interned


def written(*numbers):
    return [
        f',{{"metric":{{"space":"ops","n":"{number:05d}"'.encode() for number in numbers
    ]


def test_labels_are_read_once_and_without_the_space():
    kept = Interned()

    first = kept.find(written(1, 2, 1))
    again = kept.find(written(2, 3))

    assert first == ({"n": "00001"}, {"n": "00002"}, {"n": "00001"})
    assert first[0] is first[2]
    assert first[1] is again[0]


def test_what_is_kept_is_bounded():
    room_for = 100
    kept = Interned(most_bytes=room_for * len(written(0)[0]))

    for number in range(1000):
        kept.find(written(number))

    assert len(kept) <= room_for


def test_more_than_can_be_kept_is_found_all_the_same():
    kept = Interned(most_bytes=1000)

    found = kept.find(written(*range(500)))

    assert [labels["n"] for labels in found] == [f"{n:05d}" for n in range(500)]


def test_what_is_asked_for_again_outlives_what_is_not():
    kept = Interned(most_bytes=20 * len(written(0)[0]))
    (steady,) = kept.find(written(0))

    for number in range(1, 100):
        kept.find(written(number))
        assert kept.find(written(0))[0] is steady


@pytest.mark.parametrize(
    "raw",
    [
        b'"a":1',
        b'"a":null',
        b'"a":"b',
        b'"a":"b"},{"c":"d"',
        b"a",
        b'"a":"\xff"',
        b'"a":"b"}},{"metric":{"c":"d"',
        b'},"other":{',
    ],
)
def test_what_is_no_label_set_is_refused(raw):
    with pytest.raises(ValueError):
        Interned().find([b',{"metric":{"x":"y"', b',{"metric":{' + raw])


def test_no_labels_are_a_label_set():
    assert Interned().find([b',{"metric":{']) == ({},)

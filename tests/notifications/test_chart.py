import struct
import zlib

import pytest
from django.utils import timezone

from bkmonitor.notifications.picture import Drawing, draw

HOUR = [1_772_450_000 + 60 * minute for minute in range(60)]


@pytest.fixture(autouse=True)
def _cache(settings, tmp_path_factory):
    # Shared by the tests: looking for fonts takes seconds.
    settings.RUN = tmp_path_factory.getbasetemp() / "run"


def size(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", png[16:24])


def pixels(png):
    """Return the raw bytes of all image chunks."""
    found, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            found += png[at + 8 : at + 8 + length]
        at += 12 + length
    return zlib.decompress(found)


def test_a_series_with_a_limit_and_a_firing_span_is_a_picture():
    drawing = Drawing(
        times=HOUR,
        values=[None if n == 7 else float(n) for n in range(60)],
        limit=45.0,
        firing_from=HOUR[46],
    )

    png = draw(drawing)

    assert size(png) == (1200, 480)
    assert len(png) < 100_000


def test_the_times_are_the_readers():
    drawing = Drawing(times=HOUR, values=[1.0] * 60)

    with timezone.override("UTC"):
        in_utc = draw(drawing)
    with timezone.override("Asia/Kolkata"):
        in_kolkata = draw(drawing)

    assert pixels(in_utc) != pixels(in_kolkata)


@pytest.mark.parametrize("values", [[], [None, None]])
def test_without_data_there_is_no_picture(values):
    assert draw(Drawing(times=HOUR[: len(values)], values=values)) is None


def test_a_single_point_is_drawn_too():
    assert draw(Drawing(times=HOUR[:1], values=[5.0])) is not None


def test_a_drawing_that_fails_costs_the_picture_alone(caplog):
    assert draw(Drawing(times=HOUR[:2], values=[1.0, 2.0, 3.0])) is None

    assert [record.message for record in caplog.records] == ["chart.failed"]

"""Remote write 1.0 requests, made by hand so that they may say anything."""

import struct
from collections.abc import Iterable, Sequence

Label = tuple[str, str]
# A value, or the eight bytes that are its place.
Sample = tuple[int, float | bytes]

# What a scraper writes when a series is gone: a NaN with a payload of its own.
STALE = struct.pack("<Q", 0x7FF0000000000002)


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _block(field: int, content: bytes) -> bytes:
    return bytes([field << 3 | 2]) + _varint(len(content)) + content


def _sample(at_ms: int, value: float | bytes) -> bytes:
    packed = value if isinstance(value, bytes) else struct.pack("<d", value)
    return _block(2, b"\x09" + packed + b"\x10" + _varint(at_ms))


def write_series(series: Iterable[tuple[Sequence[Label], Sequence[Sample]]]) -> bytes:
    """Return prometheus.WriteRequest, uncompressed; times in milliseconds."""
    out = []
    for labels, samples in series:
        named = b"".join(
            _block(1, _block(1, name.encode()) + _block(2, text.encode()))
            for name, text in labels
        )
        sampled = b"".join(_sample(at_ms, value) for at_ms, value in samples)
        out.append(_block(1, named + sampled))
    return b"".join(out)


def write_request(series: Iterable[tuple[Sequence[Label], float]], at: float) -> bytes:
    """Return prometheus.WriteRequest, uncompressed, one sample a series."""
    stamp = int(at * 1000)
    return write_series((labels, [(stamp, value)]) for labels, value in series)

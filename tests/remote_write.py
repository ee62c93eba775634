"""Remote write 1.0 requests, made by hand so that they may say anything."""

import struct
from collections.abc import Iterable, Sequence

Label = tuple[str, str]


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _block(field: int, content: bytes) -> bytes:
    return bytes([field << 3 | 2]) + _varint(len(content)) + content


def write_request(series: Iterable[tuple[Sequence[Label], float]], at: float) -> bytes:
    """Return prometheus.WriteRequest, uncompressed, one sample a series."""
    stamp = b"\x10" + _varint(int(at * 1000))
    out = []
    for labels, value in series:
        named = b"".join(
            _block(1, _block(1, name.encode()) + _block(2, text.encode()))
            for name, text in labels
        )
        sample = b"\x09" + struct.pack("<d", value) + stamp
        out.append(_block(1, named + _block(2, sample)))
    return b"".join(out)

"""Label sets that are kept from one answer of the store to the next."""

import threading
from collections import ChainMap
from collections.abc import Sequence

import orjson

from bkmonitor.lib.labels import LabelSet
from bkmonitor.lib.telemetry import LABEL_SETS

# Of the labels as the store writes them; with what is made of them it is about
# five times as much. 200,000 series of 200 bytes find room.
MOST_BYTES = 40 << 20


class Interned:
    """The label sets that were seen of late, by the bytes in which the store says them.

    It holds two generations. When the younger is half of what may be kept it becomes
    the older, and of the older only what was asked for since is kept.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes // 2
        self._size = 0
        self._young: dict[bytes, LabelSet] = {}
        self._old: dict[bytes, LabelSet] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def find(self, written: Sequence[bytes]) -> tuple[LabelSet, ...]:
        """Return the label sets that are written so, without the label `space`.

        Units   each begins with `,{"metric":{`, and ends before the first `}`.
        Errors  ValueError if one of them is not just names and texts.
        """
        try:
            return tuple(map(self._young.__getitem__, written))
        except KeyError:
            known = self._look_up(written)
        self._keep(known)
        return tuple(map(known.__getitem__, written))

    def _look_up(self, written: Sequence[bytes]) -> dict[bytes, LabelSet]:
        """Return the label sets, from either generation or by reading them."""
        kept = ChainMap(self._young, self._old)
        unread = [raw for raw in dict.fromkeys(written) if raw not in kept]
        fresh = dict(zip(unread, read_labels(unread), strict=True))
        return {raw: fresh[raw] if raw in fresh else kept[raw] for raw in written}

    def _keep(self, known: dict[bytes, LabelSet]) -> None:
        with self._lock:
            for raw, labels in known.items():
                if raw in self._young:
                    continue
                if self._size + len(raw) > self._most:
                    self._old, self._young, self._size = self._young, {}, 0
                self._young[raw] = labels
                self._size += len(raw)
            LABEL_SETS.set(len(self))


def read_labels(written: Sequence[bytes]) -> list[LabelSet]:
    """Read label sets; ValueError if they are none, or written in another way."""
    if not written:
        return []
    # After one more, each has its comma; who lacks it spoils the whole.
    text = b'[{"metric":{}}' + b"".join(raw + b"}}" for raw in written) + b"]"
    rows = orjson.loads(text)[1:]
    if len(rows) != len(written) or any(row.keys() != {"metric"} for row in rows):
        raise ValueError("the labels of a series end too early")
    return labels_of([row["metric"] for row in rows])


def labels_of(rows: Sequence[dict[str, str]]) -> list[LabelSet]:
    """Return label sets that share their texts, without the label `space`."""
    texts: dict[str, str] = {}
    made = []
    for row in rows:
        row.pop("space", None)
        made.append(
            LabelSet((name, texts.setdefault(text, text)) for name, text in row.items())
        )
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a label is no text")
    return made

"""Label sets that are kept from one answer of the store to the next."""

import threading
from collections.abc import Sequence
from itertools import compress

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

        Units   each is what stands between the braces of a JSON object.
        Errors  ValueError if one of them is not just names and texts.
        """
        found = list(map(self._young.get, written))
        missing = [labels is None for labels in found]
        if any(missing):
            wanted = dict.fromkeys(compress(written, missing))
            self._look_up(wanted)
            found = [
                wanted[raw] if labels is None else labels
                for raw, labels in zip(written, found, strict=True)
            ]
            self._keep(wanted)
        return tuple(labels for labels in found if labels is not None)

    def _look_up(self, wanted: dict[bytes, LabelSet | None]) -> None:
        """Fill in the label sets, from the older generation or by reading them."""
        unread = []
        for raw in wanted:
            wanted[raw] = self._old.get(raw)
            if wanted[raw] is None:
                unread.append(raw)
        wanted.update(zip(unread, read_labels(unread), strict=True))

    def _keep(self, fresh: dict[bytes, LabelSet | None]) -> None:
        with self._lock:
            for raw, labels in fresh.items():
                if self._size + len(raw) > self._most:
                    self._old, self._young, self._size = self._young, {}, 0
                if labels is not None and raw not in self._young:
                    self._young[raw] = labels
                    self._size += len(raw)
            LABEL_SETS.set(len(self))


def read_labels(written: Sequence[bytes]) -> list[LabelSet]:
    """Read label sets from the insides of JSON objects; ValueError if they are none."""
    rows = orjson.loads(b"[{" + b"},{".join(written) + b"}]") if written else []
    if len(rows) != len(written):
        raise ValueError("the labels of a series end too early")
    return labels_of(rows)


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

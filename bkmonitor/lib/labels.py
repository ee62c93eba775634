"""Label sets and their fingerprints."""

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from operator import attrgetter
from typing import Any, NoReturn

import orjson

from bkmonitor.lib.errors import InvalidInput

LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")
# Labels that say nothing of which series it is: the metric's name goes when a
# function is applied, and the space is the same for all.
HIDDEN = frozenset({"__name__", "space"})

Labels = Mapping[str, str]
_FINGERPRINT, _IDENTITY = attrgetter("fingerprint"), attrgetter("identity")


class LabelSet(dict[str, str]):
    """Labels that never change, so that what follows from them is found out once.

    The series of a store are the same at every tick: who keeps their label sets
    pays for a fingerprint when a series is new, and never again.
    """

    __slots__ = ("_hash", "fingerprint", "identity")
    _hash: int
    fingerprint: str
    """The 16 hex digits of the function `fingerprint`."""
    identity: "LabelSet"
    """The labels that tell series apart: without metric name and space."""

    def __getattr__(self, name: str) -> Any:
        """Find out what is asked for the first time."""
        if name == "fingerprint":
            self.fingerprint = _digest(self)
        elif name == "_hash":
            self._hash = hash(frozenset(self.items()))
        elif name == "identity":
            self.identity = self._without_hidden()
        else:
            raise AttributeError(name)
        return getattr(self, name)

    def _without_hidden(self) -> "LabelSet":
        if HIDDEN.isdisjoint(self):
            return self
        return LabelSet((name, self[name]) for name in self if name not in HIDDEN)

    def __hash__(self) -> int:  # type: ignore[override]
        return self._hash

    def __reduce__(self) -> tuple[type["LabelSet"], tuple[dict[str, str]]]:
        return LabelSet, (dict(self),)

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise TypeError("a label set does not change")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


def fingerprint(labels: Labels) -> str:
    """Return 16 hex digits that name a label set, whatever the order of its labels."""
    return labels.fingerprint if isinstance(labels, LabelSet) else _digest(labels)


def identity_of(labels: Labels) -> LabelSet:
    """Return the labels that tell series apart: without metric name and space."""
    known = labels if isinstance(labels, LabelSet) else LabelSet(labels)
    return known.identity


def fingerprints(many: Sequence[Labels]) -> list[str]:
    """Return the fingerprint of each label set."""
    try:
        # All of them at once, where they are those of the store's series.
        return list(map(_FINGERPRINT, many))
    except AttributeError:
        return list(map(fingerprint, many))


def identities_of(many: Sequence[Labels]) -> tuple[LabelSet, ...]:
    """Return the identity of each label set."""
    try:
        return tuple(map(_IDENTITY, many))
    except AttributeError:
        return tuple(map(identity_of, many))


def _digest(labels: Labels) -> str:
    packed = orjson.dumps(dict(labels), option=orjson.OPT_SORT_KEYS)
    return blake2b(packed, digest_size=8).hexdigest()


def check_labels(labels: Labels, *, field: str = "labels") -> None:
    """Raise InvalidInput naming the first label that Prometheus would refuse."""
    for name, value in labels.items():
        if not LABEL_NAME.match(name) or name.startswith("__"):
            raise InvalidInput(
                f"{name!r} is not a label name",
                {field: f"{name!r} is not a label name"},
            )
        if not isinstance(value, str):
            raise InvalidInput(
                f"label {name!r} must be text, not {value!r}",
                {field: f"label {name!r} must be text"},
            )

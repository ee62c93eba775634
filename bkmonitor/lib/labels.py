"""Label sets and their fingerprints."""

import re
from collections.abc import Mapping
from hashlib import blake2b

import orjson

from bkmonitor.lib.errors import InvalidInput

LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")

Labels = Mapping[str, str]


def fingerprint(labels: Labels) -> str:
    """Return 16 hex digits that name a label set, whatever the order of its labels."""
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

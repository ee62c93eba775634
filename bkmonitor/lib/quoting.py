"""Texts as PromQL and its regular expressions write them."""

import json
import re

# What RE2 gives a meaning to; nothing else may be escaped in every parser of it.
SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


def quote(text: str) -> str:
    """Return a text as a string of PromQL, which reads them as JSON and Go do."""
    return json.dumps(text, ensure_ascii=False)


def literal(text: str) -> str:
    """Return the regular expression that matches a text and nothing else."""
    return SPECIAL.sub(r"\\\g<0>", text)

"""What is wrong with a structured query, in a sentence that can be translated."""

from typing import Any

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.sentence import Sentence

# Marks a text for the catalogue; the doors translate.
_ = str


class Wrong(InvalidInput):
    """A structured query does not make sense; `sentence` says it in any language."""

    field = "query"

    def __init__(self, text: str, **params: Any) -> None:
        message = text % params
        super().__init__(message, {self.field: message})
        self.sentence = Sentence(text, params)


class Inexpressible(Wrong):
    """No structured query means what an expression does; `reason` names the part."""

    field = "expression"

    def __init__(self, reason: Wrong) -> None:
        super().__init__(_("not expressible: %(reason)s"), reason=str(reason))
        self.reason = reason

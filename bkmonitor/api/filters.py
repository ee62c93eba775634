"""What stands in a query: shapes of filters, and what is wrong with them."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from bkmonitor.lib.errors import InvalidInput

LONGEST = 200


def words(params: Mapping[str, str], name: str, allowed: Collection[str]) -> list[str]:
    """Return the words of `?name=a,b`; none when it is not given."""
    asked = [word for word in params.get(name, "").split(",") if word]
    if wrong := [word for word in asked if word not in allowed]:
        raise _refused(
            name,
            _("%(wrong)s is none of %(allowed)s")
            % {"wrong": ", ".join(wrong), "allowed": ", ".join(allowed)},
        )
    return asked


def text(params: Mapping[str, str], name: str) -> str:
    """Return the text of `?name=…`; "" when it is not given."""
    asked = params.get(name, "").strip()
    if len(asked) > LONGEST or "\0" in asked:
        raise _refused(
            name, _("must be text of at most %(most)s characters") % {"most": LONGEST}
        )
    return asked


def flag(params: Mapping[str, str], name: str) -> bool | None:
    """Return what `?name=true|false` says; None when it is not given."""
    if not (asked := words(params, name, ("true", "false"))):
        return None
    return asked[0] == "true"


def number(params: Mapping[str, str], name: str) -> int | None:
    """Return the whole number of `?name=…`; None when it is not given."""
    asked = params.get(name, "")
    if not asked:
        return None
    if not asked.isascii() or not asked.isdecimal() or len(asked) > 18:
        raise _refused(name, _("must be a whole number"))
    return int(asked)


def instant(params: Mapping[str, str], name: str) -> datetime | None:
    """Return the moment of `?name=…` (ISO 8601 with its zone); None if not given."""
    asked = params.get(name, "")
    if not asked:
        return None
    try:
        # A plus sign that nobody escaped has become a space on its way.
        moment = parse_datetime(asked.replace(" ", "+") if "T" in asked else asked)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _refused(name, _("must be a moment such as 2026-03-02T12:00:00Z"))
    return moment


def _refused(name: str, sentence: str) -> InvalidInput:
    return InvalidInput(f"{name}: {sentence}", {name: sentence})

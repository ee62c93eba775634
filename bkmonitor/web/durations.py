"""Lengths of time in words."""

from math import ceil

from django.utils.translation import gettext as _


def duration(seconds: float) -> str:
    """Say a length of time in at most two units: 350 ms, 42 s, 3 min, 2 h 5 min, 4 d 3 h."""
    if 0 < seconds < 1:
        return _("%(n)d ms") % {"n": ceil(seconds * 1000)}
    whole = int(seconds)
    if whole < 60:
        return _("%(n)d s") % {"n": whole}
    if whole < 3600:
        return _two(_("%(n)d min"), whole // 60, _("%(n)d s"), whole % 60, most=10)
    if whole < 86400:
        return _two(
            _("%(n)d h"), whole // 3600, _("%(n)d min"), whole % 3600 // 60, most=24
        )
    return _two(
        _("%(n)d d"), whole // 86400, _("%(n)d h"), whole % 86400 // 3600, most=7
    )


def _two(big: str, many: int, small: str, few: int, *, most: int) -> str:
    """Leave out the small unit when it is none, or when there are `most` big ones."""
    if not few or many >= most:
        return big % {"n": many}
    return f"{big % {'n': many}} {small % {'n': few}}"

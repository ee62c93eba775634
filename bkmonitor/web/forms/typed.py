"""Values as people type them, and back without a loss."""

from collections.abc import Callable, Sequence

from bkmonitor.lib.durations import write_duration
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.units import format_value, parse_value

DIGITS = 15
# Of seconds: longer lengths are plain numbers.
LONGEST_S = 1e15


def same_text(typed: str, stored: str) -> str:
    """Return what was typed, with the ends of lines that rows have.

    It is what is stored if only ends of lines and blanks around it differ, for
    browsers and forms change those without anybody having typed.
    """
    text = typed.replace("\r\n", "\n")
    return stored if text.strip() == stored.replace("\r\n", "\n").strip() else text


def write_value(value: float, unit: str = "") -> str:
    """Return a value as one would type it, "5 GiB"; what is read of it is the value."""
    writers: Sequence[Callable[[float], str]] = (
        lambda number: format_value(number, unit),
        lambda number: format_value(number, unit, digits=DIGITS),
        write_duration if unit == "seconds" and abs(value) < LONGEST_S else repr,
    )
    for write in writers:
        text = write(value)
        try:
            if parse_value(text, unit) == value:
                return text
        except InvalidInput:
            continue
    return repr(value).removesuffix(".0")

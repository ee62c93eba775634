"""Numbers as people read them, digit by digit as Prometheus writes them.

Who moves here with texts full of `humanize` gets the same texts.

Source  https://prometheus.io/docs/prometheus/latest/configuration/template_reference/
"""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

LARGE = ("k", "M", "G", "T", "P", "E", "Z", "Y")
LARGE_1024 = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
SMALL = ("m", "u", "n", "p", "f", "a", "z", "y")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Nanoseconds of a moment have 64 bits there.
LATEST_S = 2**63 / 1e9


def humanize(given: Any) -> str:
    """Return four digits and a metric prefix: 1234567 is 1.235M, 0.12 is 120m."""
    number = _number(given)
    if number == 0 or not math.isfinite(number):
        return _digits(number)
    if abs(number) >= 1:
        return "".join(_scaled(number, LARGE, 1000))
    return "".join(_enlarged(number))


def humanize1024(given: Any) -> str:
    """Return four digits and a binary prefix: 1048576 is 1Mi."""
    number = _number(given)
    if abs(number) <= 1 or not math.isfinite(number):
        return _digits(number)
    return "".join(_scaled(number, LARGE_1024, 1024))


def humanize_duration(given: Any) -> str:
    """Return seconds as a length of time: 3725 is 1h 2m 5s, 0.0123 is 12.3ms."""
    number = _number(given)
    if not math.isfinite(number):
        return _digits(number)
    if number == 0 or 1 <= abs(number) < 60:
        return f"{_digits(number)}s"
    if abs(number) < 1:
        return "".join(_enlarged(number)) + "s"
    minutes, seconds = divmod(int(abs(number)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    while not parts[0][0]:
        del parts[0]
    sign = "-" if number < 0 else ""
    return sign + " ".join(f"{count}{unit}" for count, unit in parts)


def humanize_percentage(given: Any) -> str:
    """Return a ratio of 1 as a percentage of four digits: 0.1234567 is 12.35%."""
    return f"{_digits(_number(given) * 100)}%"


def humanize_timestamp(given: Any) -> str:
    """Return Unix seconds as a moment in UTC, to the millisecond.

    Errors  ValueError for a moment before 1678 or after 2262.
    """
    number = _number(given)
    if not math.isfinite(number):
        return _digits(number)
    if abs(number) >= LATEST_S:
        raise ValueError(f"{number:g} is too far away for a moment in Unix seconds")
    moment = EPOCH + timedelta(milliseconds=int(int(number * 1e9) / 1e6))
    fraction = f".{moment.microsecond // 1000:03}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"


def strip_port(given: Any) -> str:
    """Return a host without its port; what is no host with a port stays as it is."""
    text = str(given)
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        whole = bracket and port.startswith(":") and ":" not in port[1:]
        return host if whole else text
    return text.partition(":")[0] if text.count(":") == 1 else text


FILTERS: dict[str, Callable[[Any], str]] = {
    "humanize": humanize,
    "humanize1024": humanize1024,
    "humanizeDuration": humanize_duration,
    "humanizePercentage": humanize_percentage,
    "humanizeTimestamp": humanize_timestamp,
    "stripPort": strip_port,
}


def _number(given: Any) -> float:
    """Return a float; an alert whose newest value is no number has None."""
    return math.nan if given is None else float(given)


def _digits(number: float) -> str:
    if math.isfinite(number):
        return f"{number:.4g}"
    return "NaN" if math.isnan(number) else f"{number:+.4g}".title()


def _scaled(number: float, prefixes: Sequence[str], by: int) -> tuple[str, str]:
    chosen = ""
    for prefix in prefixes:
        if abs(number) < by:
            break
        chosen, number = prefix, number / by
    return _digits(number), chosen


def _enlarged(number: float) -> tuple[str, str]:
    chosen = ""
    for prefix in SMALL:
        if abs(number) >= 1:
            break
        chosen, number = prefix, number * 1000
    return _digits(number), chosen

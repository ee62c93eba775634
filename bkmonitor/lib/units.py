"""Units of values: how a number is written, and how what people write is read.

A strategy's values, its limits and its texts go through the same unit, so that they
agree: 5368709120 is "5 GiB" on the page, in the message and in the form.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from unicodedata import normalize

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.numbers import short_number

DIGITS = 4
LONGEST = 100
PART = r"((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?)\s*([^\s\d.]*)\s*"
PARTS = re.compile(f"(?:{PART})+", re.ASCII)
ONE_PART = re.compile(PART, re.ASCII)

Worths = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: its key in rows, its title, how its values are shown and what is read.

    steps   symbols to show a value with, ascending, each with what one of it is in
            values; a value takes the largest that it reaches.
    words   further ways to write them.
    second  of lengths of time: what a second is in values. From a minute on they are
            shown in parts, "3 h 20 min".
    """

    key: str
    title: str
    example: str
    steps: Worths
    words: Worths = field(default_factory=dict)
    second: Decimal | None = None


def format_value(value: float, unit: str = "", *, digits: int = DIGITS) -> str:
    """Return a value in words: "87.2 %", "1.5 GiB", "3 h 20 min", "250 ms".

    Units   value is in `unit`, a key of UNITS; one nobody knows shows the number alone.
            `digits` significant ones are shown and always all before the point; of
            lengths from a minute on, half as many parts.
    Gaps    NaN is "NaN", infinities are "∞" and "-∞".
    """
    known = UNITS.get(unit, UNITS[""])
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' * (value < 0)}∞"
    sign, size = "-" * (value < 0), Decimal(repr(abs(float(value))))
    if known.second is not None:
        seconds = float(size / known.second)
        if float(short_number(seconds, digits)) >= 60:
            return sign + _in_parts(seconds, digits)
    return sign + _in_one(size, known.steps, digits)


def format_apart(value: float, other: float, unit: str = "") -> tuple[str, str]:
    """Return two values in words, with as many digits as it takes to tell them apart.

    "90 % is above the limit of 90 %" helps nobody.
    """
    for digits in (DIGITS, 6, 9, 12, 17):
        one = format_value(value, unit, digits=digits)
        two = format_value(other, unit, digits=digits)
        if one != two or value == other:
            break
    return one, two


def parse_value(text: str, unit: str = "") -> float:
    """Return what a person wrote as a value of `unit`: "90 %", "5GiB", "4h", "1.5k".

    A plain number is the value itself. A prefix alone ("5G") counts as the unit's own
    symbols do: of `bytes` it is 5 GiB, of `bytes_si` 5 GB.

    Errors  InvalidInput naming the text, or the unit if there is none of that name.
    """
    known = UNITS.get(unit)
    if known is None:
        raise InvalidInput(f"there is no unit {unit!r}")
    # Full-width digits and signs, as Chinese keyboards write them, are plain ones.
    plain = normalize("NFKC", text[:LONGEST]).strip().replace("\u2212", "-")
    sign, rest = (
        (plain[0], plain[1:].lstrip()) if plain[:1] in ("-", "+") else ("", plain)
    )
    parts = ONE_PART.findall(rest) if PARTS.fullmatch(rest) else []
    if len(text) > LONGEST or not parts or (len(parts) > 1 and known.second is None):
        raise _unreadable(text, known)
    value = Decimal(0)
    for number, word in parts:
        worth = _worth(word, known) if word or len(parts) == 1 else None
        if worth is None:
            raise _unreadable(text, known)
        value += Decimal(number) * worth
    found = float(f"{sign}{value}")
    if not math.isfinite(found):
        raise _unreadable(text, known)
    return found


def scale_of(unit: str) -> list[tuple[float, str]]:
    """Return what one of each symbol of a unit is in values, ascending, for an axis.

    A value is shown with the largest that it reaches; a key nobody knows has one
    symbol, which is empty.
    """
    known = UNITS.get(unit, UNITS[""])
    steps = [(float(worth), symbol) for symbol, worth in known.steps.items()]
    if known.second is not None:
        longer = sorted((size, symbol) for symbol, size in LONG_TIMES.items())
        steps += [
            (size * float(known.second), symbol) for size, symbol in longer if size > 1
        ]
    return steps


def choices() -> list[tuple[str, str]]:
    """Return (key, title) of every unit, in the order of a list to choose from."""
    return [(unit.key, unit.title) for unit in UNITS.values()]


def check_unit(key: str) -> None:
    """Raise InvalidInput unless there is a unit of that key; "" is one."""
    if key not in UNITS:
        raise InvalidInput(
            f"there is no unit {key!r}", {"unit": f"there is no {key!r}"}
        )


def _in_one(size: Decimal, steps: Worths, digits: int) -> str:
    """Show a size with one symbol, the largest that it reaches once it is rounded."""
    if not size:
        own = next((name for name, worth in steps.items() if worth == 1), [*steps][0])
        return f"0 {own}".rstrip()
    text = symbol = ""
    for following, worth in steps.items():
        if text and float(text) * float(steps[symbol]) < worth:
            break
        count = float(size / worth)
        # What only rounding has lifted here is one of these, not 0.9999999.
        text = short_number(max(count, 1.0) if symbol else count, digits)
        symbol = following
    return f"{text} {symbol}".rstrip()


def _in_parts(seconds: float, digits: int) -> str:
    """Show a minute or more in its largest parts, rounded to the last one shown."""
    if seconds >= 1e15:
        return f"{short_number(seconds / 86400, digits)} d"
    sizes = list(LONG_TIMES.values())
    first = next(at for at, size in enumerate(sizes) if seconds >= size)
    last = min(first + digits // 2, len(sizes)) - 1
    quantum = sizes[last]
    left = round(seconds / quantum, digits - DIGITS if quantum == 1 else 0) * quantum
    told = []
    for symbol, size in LONG_TIMES.items():
        count, left = divmod(left, size) if size > 1 else (left, 0.0)
        if count:
            told.append(f"{short_number(float(count), digits)} {symbol}")
    return " ".join(told)


def _worth(word: str, unit: Unit) -> Decimal | None:
    """Return what one `word` is in values; capitals matter only where they tell apart."""
    if not word:
        return Decimal(1)
    written = {normalize("NFKC", name): worth for name, worth in {**unit.words, **unit.steps}.items()}  # fmt: skip
    if word in written or len(word) == 1:
        return written.get(word)
    alike = {worth for name, worth in written.items() if name.lower() == word.lower()}
    return alike.pop() if len(alike) == 1 else None


def _unreadable(text: str, unit: Unit) -> InvalidInput:
    return InvalidInput(
        f"{text[:LONGEST]!r} cannot be read; write for example {unit.example}"
    )


def _(text: str) -> str:
    """Mark a title for translation; the door that shows it translates it."""
    return text


ONE = Decimal(1)
LONG_TIMES = {"d": 86400, "h": 3600, "min": 60, "s": 1}
SI = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
IEC = {f"{name[0].upper()}i": 1024**power for power, name in enumerate(SI, 1)}
PLAIN = {name: Decimal(size) for name, size in {**SI, "K": 1000}.items()}


def _scaled(prefixes: Mapping[str, int], symbol: str, worth: Decimal = ONE) -> Worths:
    """Return a symbol and its multiples: B, KiB, MiB and so on."""
    return {symbol: worth} | {
        f"{prefix}{symbol}": size * worth for prefix, size in prefixes.items()
    }


def _alone(prefixes: Mapping[str, int]) -> Worths:
    """Return what a bare prefix is: k, K, M and so on."""
    return {prefix[0]: Decimal(size) for prefix, size in prefixes.items()} | {
        "k": Decimal(next(iter(prefixes.values()))),
        "K": Decimal(next(iter(prefixes.values()))),
    }


def _bytes(suffix: str = "", worth: Decimal = ONE) -> dict[str, Decimal]:
    """Return every way to write bytes: B, byte, kB, KiB, Ki, MB, MiB and so on."""
    written = {**_scaled(SI, "B", worth), **_scaled(IEC, "B", worth)}
    written |= {prefix: size * worth for prefix, size in IEC.items()}
    written |= {"byte": worth, "bytes": worth, "KB": 1000 * worth}
    return {f"{name}{suffix}": worth for name, worth in written.items()}


def _bits(suffix: str = "", worth: Decimal = ONE) -> dict[str, Decimal]:
    """Return every way to write bits: bit, b, kbit, kb, Mbit, Mb and so on."""
    written = {**_scaled(SI, "bit", worth), **_scaled(SI, "b", worth), "bits": worth}
    return {f"{name}{suffix}": worth for name, worth in written.items()}


def _per_second(prefixes: Mapping[str, int], *, bit: Decimal) -> dict[str, Decimal]:
    """Return every way to write a rate of data; `bit` is what a bit is in values."""
    written = _alone(prefixes)
    for suffix in ("/s", "ps"):
        written = {**written, **_bytes(suffix, 8 * bit), **_bits(suffix, bit)}
    return dict(written)


def _plain(key: str, title: str, symbol: str, example: str, *names: str) -> Unit:
    """Return a unit whose numbers are shown as they are; k, M and so on are read."""
    words = {**PLAIN, **{f"{prefix}{symbol}": size for prefix, size in PLAIN.items() if symbol}}  # fmt: skip
    return Unit(key, title, example, {symbol: ONE}, words | dict.fromkeys(names, ONE))


def _time(key: str, title: str, example: str, second: Decimal) -> Unit:
    """Return a length of time of which `second` values are a second."""
    steps = {
        "ns": second / 10**9, "µs": second / 10**6, "ms": second / 1000, "s": second,
    }  # fmt: skip
    names = {
        86400: ("d", "day", "days"),
        3600: ("h", "hr", "hour", "hours"),
        60: ("min", "m", "mins", "minute", "minutes"),
        1: ("sec", "second", "seconds"),
        7 * 86400: ("w", "week", "weeks"),
    }
    words = {name: size * second for size, group in names.items() for name in group}
    return Unit(key, title, example, steps, {**words, "us": second / 10**6}, second)


_ALL = (
    _plain("", _("No unit"), "", "1500 or 1.5k"),
    _plain("count", _("Count"), "", "1500 or 1.5k"),
    Unit("percent", _("Percent (0–100)"), "90 or 90 %", {"%": ONE}),
    Unit("ratio", _("Share (0–1, shown as percent)"), "0.9 or 90 %", {"%": Decimal("0.01")}),
    Unit("bytes", _("Bytes (KiB, MiB, GiB)"), "5 GiB", _scaled(IEC, "B"), {**_alone(IEC), **_bytes()}),
    Unit("bytes_si", _("Bytes (kB, MB, GB)"), "5 GB", _scaled(SI, "B"), {**_alone(SI), **_bytes()}),
    Unit("bits", _("Bits"), "5 Gbit", _scaled(SI, "bit"), {**_alone(SI), **_bits()}),
    Unit("bytes_per_s", _("Bytes per second (KiB/s, MiB/s)"), "5 MiB/s", _scaled(IEC, "B/s"), _per_second(IEC, bit=Decimal("0.125"))),
    Unit("bytes_si_per_s", _("Bytes per second (kB/s, MB/s)"), "5 MB/s", _scaled(SI, "B/s"), _per_second(SI, bit=Decimal("0.125"))),
    Unit("bits_per_s", _("Bits per second"), "100 Mbit/s", _scaled(SI, "bit/s"), _per_second(SI, bit=ONE)),
    _time("seconds", _("Seconds"), "90, 250 ms or 3 h 20 min", ONE),
    _time("milliseconds", _("Milliseconds"), "250, 250 ms or 2 s", Decimal(1000)),
    _time("microseconds", _("Microseconds"), "250, 250 µs or 2 ms", Decimal(10**6)),
    _plain("per_s", _("Per second"), "/s", "1500 or 1.5k/s"),
    _plain("per_min", _("Per minute"), "/min", "1500 or 1.5k/min", "/m"),
    Unit("celsius", _("Degrees Celsius"), "45 °C", {"°C": ONE}, {"C": ONE, "°": ONE}),
    Unit("hertz", _("Hertz"), "2.5 GHz", _scaled(SI, "Hz"), _alone(SI)),
    Unit("volts", _("Volts"), "230 V", {"V": ONE}, {"mV": Decimal("0.001"), "kV": Decimal(1000)}),
    Unit("watts", _("Watts"), "250 W", _scaled(SI, "W"), _alone(SI)),
)  # fmt: skip
UNITS: Mapping[str, Unit] = {unit.key: unit for unit in _ALL}

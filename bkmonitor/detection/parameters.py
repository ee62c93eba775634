"""What a user sets of a detector, said once: for checks, forms, the API and the docs.

A detector's fields carry it in their annotation:

    up_percent: Annotated[float | None, Parameter(_("Rise"), "percent", above=0)] = None

The texts are marked for translation by `_`, and told in the reader's language by who
shows them.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from functools import cache
from math import isfinite
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from bkmonitor.detection.conditions import Groups, dump_groups, parse_groups
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.labels import LABEL_NAME


def marked(text: str) -> str:
    """Return the text as it is; imported as `_`, it marks one for translation."""
    return text


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: what a form shows of it, and what it may be.

    title    a few words, marked for translation
    unit     "" a plain number | "value" the metric's own | "percent" | "points"
             (periods of the strategy) | "days" | "seconds"
    low, above, high  bounds: at least, more than, at most
    choices  what it may be, if it is one of a few words: each with its title
    type     "number" | "integer" | "choice" | "label" | "labels" | "conditions", and
             whether it may be left out and its default, in JSON: these follow from
             the field
    """

    title: str
    unit: str = ""
    low: float | None = None
    above: float | None = None
    high: float | None = None
    choices: tuple[tuple[str, str], ...] = ()
    name: str = ""
    type: str = ""
    required: bool = True
    default: Any = None

    def parse(self, raw: object) -> Any:
        """Return the field's value for what was stored or sent.

        Errors  InvalidInput naming the value and what it must be.
        """
        if raw is None and not self.required and self.default is None:
            return None
        value = PARSERS[self.type](self, raw)
        self._check_bounds(value)
        return value

    def _check_bounds(self, value: Any) -> None:
        if self.low is not None and value < self.low:
            raise InvalidInput(f"must be at least {self.low:g}, not {value:g}")
        if self.above is not None and value <= self.above:
            raise InvalidInput(f"must be more than {self.above:g}, not {value:g}")
        if self.high is not None and value > self.high:
            raise InvalidInput(f"must be at most {self.high:g}, not {value:g}")


def parameters_of(kind: type) -> tuple[Parameter, ...]:
    """Return the parameters of a detector's class, in the order of its fields."""
    return tuple(_parameters(kind).values())


def settle(detector: Any) -> None:
    """Check every field of a detector that is being made, and bring it to its type.

    Errors  InvalidInput naming the field and the value.
    """
    for name, parameter in _parameters(detector.__class__).items():
        try:
            value = parameter.parse(getattr(detector, name))
        except InvalidInput as error:
            raise wrong(name, str(error)) from error
        object.__setattr__(detector, name, value)


def wrong(name: str, sentence: str) -> InvalidInput:
    """Make the error that says what is wrong with one parameter."""
    return InvalidInput(f"{name} {sentence}", {name: sentence})


def dump(value: Any) -> Any:
    """Return a field's value as it is stored."""
    if isinstance(value, tuple):
        plain = all(isinstance(each, str) for each in value)
        return list(value) if plain else dump_groups(value)
    return value


@cache
def _parameters(kind: type) -> Mapping[str, Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    found: dict[str, Parameter] = {}
    for each in fields(kind):
        annotation, parameter = get_args(hints[each.name])
        required = each.default is MISSING
        found[each.name] = replace(
            parameter,
            name=each.name,
            type=_type_of(annotation, parameter),
            required=required,
            default=None if required else dump(each.default),
        )
    return found


def _type_of(annotation: Any, parameter: Parameter) -> str:
    if annotation == Groups:
        return "conditions"
    if get_origin(annotation) is tuple:
        return "labels"
    if parameter.choices:
        return "choice"
    if annotation is str:
        return "label"
    kinds = {*get_args(annotation)} - {NoneType} or {annotation}
    return "integer" if kinds == {int} else "number"


def _parse_number(_parameter: Parameter, raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise InvalidInput(f"must be a number, not {raw!r}")
    try:
        number = float(raw)
    except OverflowError:
        raise InvalidInput(f"must be a smaller number than {raw!r}") from None
    if not isfinite(number):
        raise InvalidInput(f"must be finite, not {raw!r}")
    return number


def _parse_integer(parameter: Parameter, raw: object) -> int:
    number = _parse_number(parameter, raw)
    if not number.is_integer():
        raise InvalidInput(f"must be a whole number, not {raw!r}")
    return int(number)


def _parse_choice(parameter: Parameter, raw: object) -> str:
    words = [word for word, _title in parameter.choices]
    if not isinstance(raw, str) or raw not in words:
        raise InvalidInput(f"{raw!r} is none of {', '.join(words)}")
    return raw


def _parse_label(_parameter: Parameter, raw: object) -> str:
    if not isinstance(raw, str) or not LABEL_NAME.match(raw):
        raise InvalidInput(f"{raw!r} is not a label name")
    return raw


def _parse_labels(parameter: Parameter, raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple):
        raise InvalidInput(f"must be a list of label names, not {raw!r}")
    names = tuple(_parse_label(parameter, name) for name in raw)
    if len(set(names)) < len(names):
        raise InvalidInput(f"names a label twice: {', '.join(names)}")
    return names


def _parse_conditions(_parameter: Parameter, raw: object) -> Groups:
    return parse_groups(raw)


PARSERS: Mapping[str, Callable[[Parameter, object], Any]] = {
    "number": _parse_number,
    "integer": _parse_integer,
    "choice": _parse_choice,
    "label": _parse_label,
    "labels": _parse_labels,
    "conditions": _parse_conditions,
}

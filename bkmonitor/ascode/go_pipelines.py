"""What stands between the braces of a Go template, as an expression of Jinja.

Source  https://pkg.go.dev/text/template and, for the functions that Prometheus adds,
https://prometheus.io/docs/prometheus/latest/configuration/template_reference/
"""

import json
import re
from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _

TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>"(?:[^"\\\n]|\\.)*")
  | (?P<raw>`[^`]*`)
  | (?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
  | (?P<path>(?:\$\w*|\.\w+|\.(?=[\s|)]|$))(?:\.\w+)*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<mark>:=|[=,|()])
    )""",
    re.VERBOSE | re.ASCII,
)
LABELS = ("$labels", ".Labels", "$.Labels")
VALUES = ("$value", ".Value", "$.Value")
# What Prometheus' function is called among our filters.
FILTERS = {
    "humanize": "humanize",
    "humanize1024": "humanize1024",
    "humanizeDuration": "humanizeDuration",
    "humanizePercentage": "humanizePercentage",
    "humanizeTimestamp": "humanizeTimestamp",
    "stripPort": "stripPort",
    "title": "title",
    "toUpper": "upper",
    "toLower": "lower",
    "len": "length",
    "urlquery": "urlencode",
}
COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
WORDS = {"true": "true", "false": "false", "nil": "none"}
VERB = re.compile(r"%(?:%|(?P<how>[-+ 0#]*\d*(?:\.\d*)?)(?P<verb>.)|\Z)", re.DOTALL)
VERBS = {"v": "s", "s": "s", "d": "d", "f": "f", "F": "f", "e": "e", "E": "E", "x": "x", "X": "X"}  # fmt: skip
# An expression that needs no parentheses, whatever stands around it.
ATOM = re.compile(
    r"""\w+(?:\.\w+|\["[^"\\]*"\]|\.get\("\w+",\ ""\))*\Z|"(?:[^"\\]|\\.)*"\Z"""
)
# Names that Jinja finds on a mapping before it looks for a label.
METHODS = frozenset(dir(dict))


class Unsupported(Exception):
    """A template asks for what our texts do not have; says what."""


def translate_pipeline(source: str) -> str:
    """Return the Jinja expression that says what a pipeline says.

    Errors  Unsupported for what we have no words for.
    """
    tokens = _tokens(source)
    found = _Parser(tokens).pipeline()
    if tokens:
        raise Unsupported(_not_supported(tokens[0][1]))
    return found


def quote(text: str) -> str:
    """Return a text as a constant of Jinja."""
    return json.dumps(text, ensure_ascii=False)


def _not_supported(what: str) -> str:
    return _("“%(what)s” is not supported") % {"what": what}


def _tokens(source: str) -> list[tuple[str, str]]:
    found, position = [], 0
    source = source.rstrip()
    while position < len(source):
        match = TOKEN.match(source, position)
        if match is None:
            raise Unsupported(_not_supported(source[position:].strip()[:40]))
        position = match.end()
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
    return found


class _Parser:
    """Reads tokens from the left, and takes away those it has read."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens

    def pipeline(self) -> str:
        """Read commands up to a closing parenthesis; each gets what the last one says."""
        made = self._command(None)
        while self._next() == "|":
            del self._tokens[0]
            made = self._command(made)
        return made

    def _next(self) -> str:
        return self._tokens[0][1] if self._tokens else ""

    def _command(self, piped: str | None) -> str:
        kind, text = self._tokens[0] if self._tokens else ("mark", "")
        if kind == "word" and text not in WORDS:
            del self._tokens[0]
            return _call(text, self._operands() + ([piped] if piped else []))
        operands = self._operands()
        if len(operands) != 1 or piped:
            raise Unsupported(_not_supported(text or "{{ }}"))
        return operands[0]

    def _operands(self) -> list[str]:
        operands = []
        while self._tokens and self._next() not in ("|", ")"):
            kind, text = self._tokens.pop(0)
            operands.append(self._operand(kind, text))
        return operands

    def _operand(self, kind: str, text: str) -> str:
        if text == "(":
            inner = self.pipeline()
            if self._next() != ")":
                raise Unsupported(_not_supported("("))
            del self._tokens[0]
            return inner
        if kind == "word":
            return WORDS.get(text) or _call(text, [])
        if kind == "mark":
            raise Unsupported(_not_supported(text))
        return _CONSTANTS[kind](text)


def _unescaped(text: str) -> str:
    """Return what a Go text in double quotes says; its escapes are nearly JSON's."""
    plain = re.sub(r"\\x([0-9a-fA-F]{2})", r"\\u00\1", text).replace("\\'", "'")
    try:
        return quote(json.loads(plain))
    except ValueError as error:
        raise Unsupported(_not_supported(text)) from error


def _path(path: str) -> str:
    if path in VALUES:
        return "value"
    for labels in LABELS:
        if path == labels:
            return "labels"
        name = path.removeprefix(labels + ".")
        if name != path and "." not in name:
            return _label(name)
    raise Unsupported(_not_supported(path))


_CONSTANTS: dict[str, Callable[[str], str]] = {
    "text": _unescaped,
    "raw": lambda text: quote(text[1:-1]),
    "number": lambda text: text.removeprefix("+"),
    "path": _path,
}


def _label(name: str) -> str:
    if name == "__name__":
        raise Unsupported(_("an alert does not keep the metric's name"))
    return f'labels.get("{name}", "")' if name in METHODS else f"labels.{name}"


def _call(name: str, given: Sequence[str]) -> str:
    args = [arg if ATOM.match(arg) else f"({arg})" for arg in given]
    if name in FILTERS and len(args) == 1:
        return f"{_piped(given[0])} | {FILTERS[name]}"
    if name in COMPARISONS and len(args) >= 2:
        return _compared(name, args)
    if name in ("and", "or") and args:
        return f" {name} ".join(args)
    if name == "not" and len(args) == 1:
        return f"not {args[0]}"
    if name in ("printf", "print") and given:
        return _printed(name, given)
    if name == "index" and len(args) == 2 and args[0] == "labels":
        return _indexed(args[1])
    raise Unsupported(_not_supported(name))


def _piped(argument: str) -> str:
    """Return what may stand before a filter; filters follow each other as they are."""
    parts = argument.split(" | ")
    plain = ATOM.match(parts[0]) and all(part.isalnum() for part in parts[1:])
    return argument if plain else f"({argument})"


def _compared(name: str, args: Sequence[str]) -> str:
    if len(args) == 2:
        return f"{args[0]} {COMPARISONS[name]} {args[1]}"
    if name != "eq":
        raise Unsupported(_not_supported(name))
    return f"{args[0]} in ({', '.join(args[1:])})"


def _printed(name: str, given: Sequence[str]) -> str:
    if name == "print":
        if len(given) > 1:
            raise Unsupported(_not_supported(name))
        return given[0]
    if not given[0].startswith('"'):
        raise Unsupported(_not_supported("printf"))
    form = _form(json.loads(given[0]))
    return f"{quote(form)} | format({', '.join(given[1:])})"


def _form(form: str) -> str:
    """Return Go's format as Python's."""

    def translate(found: re.Match[str]) -> str:
        if found["verb"] is None:
            return "%%"
        verb, how = found["verb"], found["how"]
        if verb == "g":
            return f"%{how}{'g' if '.' in how else 's'}"
        if verb not in VERBS or "#" in how:
            raise Unsupported(_not_supported(f"printf {found[0]}"))
        return f"%{how}{VERBS[verb]}"

    return VERB.sub(translate, form)


def _indexed(name: str) -> str:
    if not name.startswith('"'):
        raise Unsupported(_not_supported("index"))
    text = json.loads(name)
    return _label(text) if re.fullmatch(r"[A-Za-z_]\w*", text) else f"labels[{name}]"

"""Texts of ours, as Prometheus' templates: Jinja in, Go out."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from jinja2 import TemplateError, nodes

from bkmonitor.ascode.go_pipelines import COMPARISONS, FILTERS, LABELS, Unsupported
from bkmonitor.strategies.templates import parse_template

FUNCTIONS = {ours: theirs for theirs, ours in FILTERS.items()}
OPERATORS = {
    {"==": "eq", "!=": "ne", "<": "lt", "<=": "lteq", ">": "gt", ">=": "gteq"}[sign]: go
    for go, sign in COMPARISONS.items()
}
VERB = re.compile(r"%(?:%|(?P<how>[-+ 0]*\d*(?:\.\d*)?)(?P<verb>.)|\Z)", re.DOTALL)
LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def write_go(text: str, constants: Mapping[str, str]) -> str:
    """Return a text of ours as a Go template that says the same.

    `constants` are the names that are settled where the text is going: there is one
    rule per severity, so `severity` is a word there.
    Errors  Unsupported for what Go's templates have no words for.
    """
    try:
        tree = parse_template(text)
    except TemplateError as error:
        raise Unsupported(str(error)) from error
    return _Writer(constants).body(tree.body)


class _Writer:
    """Writes trees; one method for each kind of node that has a Go word."""

    def __init__(self, constants: Mapping[str, str]) -> None:
        self._constants = constants
        self._expressions: dict[type[nodes.Node], Callable[[Any], str]] = {
            nodes.Const: self._const,
            nodes.Name: self._name,
            nodes.Getattr: self._getattr,
            nodes.Getitem: self._getitem,
            nodes.Call: self._call,
            nodes.Filter: self._filter,
            nodes.Mod: self._mod,
            nodes.Concat: self._concat,
            nodes.Compare: self._compare,
            nodes.And: lambda node: self._function("and", [node.left, node.right]),
            nodes.Or: lambda node: self._function("or", [node.left, node.right]),
            nodes.Not: lambda node: self._function("not", [node.node]),
            nodes.Neg: self._negative,
        }

    def body(self, body: Sequence[nodes.Node]) -> str:
        """Write a run of texts, outputs and ifs."""
        return "".join(self._statement(node) for node in body)

    def _statement(self, node: nodes.Node) -> str:
        if isinstance(node, nodes.Output):
            return "".join(self._output(each) for each in node.nodes)
        if isinstance(node, nodes.If):
            return self._if(node)
        raise _unsupported(node)

    def _output(self, node: nodes.Expr) -> str:
        if isinstance(node, nodes.TemplateData):
            return node.data.replace("{{", '{{ "{{" }}')
        if isinstance(node, nodes.CondExpr):
            other = self._output(node.expr2) if node.expr2 else ""
            test = f"{{{{ if {self._whole(node.test)} }}}}"
            otherwise = f"{{{{ else }}}}{other}" if other else ""
            return f"{test}{self._output(node.expr1)}{otherwise}{{{{ end }}}}"
        return f"{{{{ {self._whole(node)} }}}}"

    def _if(self, node: nodes.If) -> str:
        made = f"{{{{ if {self._whole(node.test)} }}}}{self.body(node.body)}"
        for turn in node.elif_:
            made += f"{{{{ else if {self._whole(turn.test)} }}}}{self.body(turn.body)}"
        if node.else_:
            made += f"{{{{ else }}}}{self.body(node.else_)}"
        return made + "{{ end }}"

    def _whole(self, node: nodes.Node) -> str:
        """Write an expression that stands alone: without parentheses around it."""
        write = self._expressions.get(type(node))
        if write is None:
            raise _unsupported(node)
        return write(node)

    def _argument(self, node: nodes.Node) -> str:
        made = self._whole(node)
        plain = isinstance(node, nodes.Const) or not re.search(r"\s", made)
        return made if plain else f"({made})"

    def _function(self, name: str, args: Sequence[nodes.Node]) -> str:
        return " ".join([name, *map(self._argument, args)])

    def _const(self, node: nodes.Const) -> str:
        if node.value is None:
            raise _unsupported(node)
        return json.dumps(node.value, ensure_ascii=False)

    def _name(self, node: nodes.Name) -> str:
        if node.name in ("value", "labels"):
            return f"${node.name}"
        if node.name in self._constants:
            return json.dumps(self._constants[node.name], ensure_ascii=False)
        raise Unsupported(_not_there(node.name))

    def _getattr(self, node: nodes.Getattr) -> str:
        return self._label(node.node, node.attr)

    def _getitem(self, node: nodes.Getitem) -> str:
        if not isinstance(node.arg, nodes.Const):
            raise _unsupported(node)
        return self._label(node.node, node.arg.value)

    def _label(self, owner: nodes.Node, name: object) -> str:
        is_labels = isinstance(owner, nodes.Name) and owner.name == "labels"
        if not is_labels or not isinstance(name, str):
            raise Unsupported(_not_there(str(name)))
        if LABEL.match(name):
            return f"{LABELS[0]}.{name}"
        return f"index $labels {json.dumps(name, ensure_ascii=False)}"

    def _call(self, node: nodes.Call) -> str:
        match node:
            case nodes.Call(
                node=nodes.Getattr(attr="get") as called,
                args=[nodes.Const(value=name), *default],
            ):
                return self._or(self._label(called.node, name), default)
        raise _unsupported(node)

    def _or(self, what: str, default: Sequence[nodes.Node]) -> str:
        empty = not default or getattr(default[0], "value", None) == ""
        what = f"({what})" if " " in what else what
        return what if empty else f"or {what} {self._argument(default[0])}"

    def _filter(self, node: nodes.Filter) -> str:
        if node.node is None or node.kwargs:
            raise _unsupported(node)
        if node.name in FUNCTIONS and not node.args:
            return self._function(FUNCTIONS[node.name], [node.node])
        if node.name in ("default", "d"):
            return self._or(self._whole(node.node), node.args)
        if node.name == "format":
            return self._printf(node.node, node.args)
        if node.name == "round":
            return self._round(node.node, node.args)
        raise Unsupported(_not_there(node.name))

    def _round(self, what: nodes.Node, args: Sequence[nodes.Node]) -> str:
        match args or [nodes.Const(0)]:
            case [nodes.Const(value=int(digits))] if digits >= 0:
                return f'printf "%.{digits}f" {self._argument(what)}'
        raise Unsupported(_not_there("round"))

    def _mod(self, node: nodes.Mod) -> str:
        given = (
            node.right.items if isinstance(node.right, nodes.Tuple) else [node.right]
        )
        return self._printf(node.left, given)

    def _printf(self, form: nodes.Node, args: Sequence[nodes.Node]) -> str:
        if not isinstance(form, nodes.Const) or not isinstance(form.value, str):
            raise _unsupported(form)
        written = [json.dumps(_form(form.value), ensure_ascii=False)]
        return " ".join(["printf", *written, *map(self._argument, args)])

    def _concat(self, node: nodes.Concat) -> str:
        form = json.dumps("%v" * len(node.nodes))
        return " ".join(["printf", form, *map(self._argument, node.nodes)])

    def _compare(self, node: nodes.Compare) -> str:
        if len(node.ops) != 1:
            raise _unsupported(node)
        (operand,) = node.ops
        if operand.op == "in" and isinstance(operand.expr, nodes.Tuple):
            return self._function("eq", [node.expr, *operand.expr.items])
        if operand.op not in OPERATORS:
            raise Unsupported(_not_there(operand.op))
        sides = [self._comparable(each) for each in (node.expr, operand.expr)]
        return " ".join([OPERATORS[operand.op], *sides])

    def _comparable(self, node: nodes.Node) -> str:
        """Write one side; Go compares a value, which has a point, with its like alone."""
        number = isinstance(node, nodes.Const) and type(node.value) in (int, float)
        return repr(float(node.value)) if number else self._argument(node)  # type: ignore[attr-defined]

    def _negative(self, node: nodes.Neg) -> str:
        if not isinstance(node.node, nodes.Const):
            raise _unsupported(node)
        return f"-{self._const(node.node)}"


def _form(form: str) -> str:
    """Return Python's format as Go's."""

    def write(found: re.Match[str]) -> str:
        how, verb = found["how"], found["verb"]
        if verb is None:
            return "%%"
        if verb in "di":
            return f"%{how}.0f"
        if verb == "s":
            return f"%{how}v"
        if verb in "feg":
            precise = "" if "." in how else ".6"
            return f"%{how}{precise}{verb}"
        raise Unsupported(_not_there(found[0]))

    return VERB.sub(write, form)


def _not_there(what: str) -> str:
    return _("Prometheus has no “%(what)s”") % {"what": what}


def _unsupported(node: nodes.Node) -> Unsupported:
    return Unsupported(_not_there(type(node).__name__.lower()))

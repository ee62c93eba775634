"""PromQL, said so that VictoriaMetrics answers what Prometheus would.

What VictoriaMetrics makes of an expression depends on more than the expression. How
far a plain selector looks back for its newest sample follows from the step and from
an estimate of how often the series is scraped, which is made from the samples that
the range happens to touch; `rate` and its like take in a sample before their window
by the same estimate. With samples every 15 to 200 s, 141 of 481 points of a selector
differed from Prometheus', and 139 of 300 from those of another range with the same
points (1.79.5, a step of 15 s). An evaluation and its replay would disagree.

Said in the way of this module, every point depends on its moment alone:

- a selector looks back five minutes, and ends at a mark of staleness;
- a window takes in what is after its beginning, up to its end. Prometheus before 3.0
  takes in a sample exactly at the beginning too;
- `increase`, `delta` and `changes` count within their window; the first two extend
  to the whole of it what they find, always, where Prometheus stops half an interval
  after the last sample if the window is not filled. So does `rate`;
- the slope of one sample alone is 0 (`deriv`, `idelta`, `predict_linear`), where
  Prometheus answers nothing.

`topk` and `bottomk` choose among equal values as they like, as they do everywhere.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import promql_parser as promql

LOOKBACK = "5m"
# As `max_lookback`: nothing before a window counts.
WINDOW_ALONE = "1ms"


@dataclass(frozen=True, slots=True)
class Phrase:
    """An expression as it is asked.

    lookback    what the store is told of how far to look beyond a window
    splittable  its points do not depend on where the range begins or ends
    """

    text: str
    lookback: str
    splittable: bool


@lru_cache(maxsize=5_000)
def phrase(expression: str) -> Phrase:
    """Return how to ask for an expression; what is no PromQL is asked as it is."""
    try:
        tree = promql.parse(expression)
        speaker = _Speaker(tree)
        return Phrase(speaker.say(tree), WINDOW_ALONE, not speaker.bound_to_range)
    except ValueError:
        return Phrase(expression, LOOKBACK, splittable=False)


class _Speaker:
    """Says a tree; parts that PromQL has no words for are holes, filled in the text."""

    def __init__(self, tree: promql.Expr) -> None:
        self.bound_to_range = False
        self._fillings: list[str] = []
        self._hole = "hole_"
        while self._hole in tree.prettify():
            self._hole += "_"

    def say(self, tree: promql.Expr) -> str:
        """Return the text of a tree."""
        holed = promql.transform(tree, self._translate).prettify()
        return re.sub(rf"{self._hole}(\d+)", lambda hole: self._filling(hole[1]), holed)

    def _filling(self, number: str) -> str:
        return self._fillings[int(number)]

    def _translate(self, node: promql.Expr) -> promql.Expr | None:
        """Return what to put in the place of a node; None to go on with its parts."""
        text = None
        if isinstance(node, promql.VectorSelector):
            text = f"default_rollup({self._windowed(node)})"
        elif isinstance(node, promql.MatrixSelector):
            self._note_range(node.vector_selector)
            text = node.prettify()
        elif isinstance(node, promql.SubqueryExpr):
            self._note_range(node)
        elif isinstance(node, promql.Call) and node.func.name in _CALLS:
            text = _CALLS[node.func.name](self, node)
        if text is None:
            return None
        self._fillings.append(text)
        return promql.parse(f"{self._hole}{len(self._fillings) - 1}")

    def _windowed(self, selector: promql.VectorSelector) -> str:
        """Return a selector with the window in which its newest sample counts."""
        self._note_range(selector)
        text = selector.prettify()
        mark = " @ " if selector.at else " offset " if selector.offset else ""
        # What follows the last mark is no part of a label.
        end = text.rindex(mark) if mark else len(text)
        return f"{text[:end]}[{LOOKBACK}]{text[end:]}"

    def _note_range(self, node: promql.VectorSelector | promql.SubqueryExpr) -> None:
        if node.at and node.at.type != promql.AtModifierType.At:
            self.bound_to_range = True

    def timestamp(self, call: promql.Call) -> str | None:
        """Say `timestamp` of a selector: of its sample, where it is not stale."""
        selector = _bare(call.args[0])
        if not isinstance(selector, promql.VectorSelector):
            return None
        window = self._windowed(selector)
        return f"(timestamp({window}) and default_rollup({window}))"

    def absent(self, call: promql.Call) -> str | None:
        """Say `absent` of a selector, with the labels that the selector names."""
        selector = _bare(call.args[0])
        if not isinstance(selector, promql.VectorSelector):
            return None
        told = f"absent(default_rollup({self._windowed(selector)}))"
        labels = _told_labels(selector)
        return f"label_set({told},{','.join(labels)})" if labels else told

    def renamed(self, function: str, call: promql.Call) -> str:
        """Say a call of a function that has another name."""
        return f"{function}({', '.join(self.say(arg) for arg in call.args)})"

    def extended(self, function: str, call: promql.Call) -> str:
        """Say by how much something changes in a window: its slope, all along it."""
        window = _bare(call.args[0])
        assert isinstance(window, promql.MatrixSelector | promql.SubqueryExpr)
        assert window.range is not None
        seconds = window.range.total_seconds()
        return f"({function}({self.say(window)}) * {seconds!r})"


_CALLS: dict[str, Callable[[_Speaker, promql.Call], str | None]] = {
    "timestamp": _Speaker.timestamp,
    "absent": _Speaker.absent,
    "increase": lambda speaker, call: speaker.extended("rate", call),
    "delta": lambda speaker, call: speaker.extended("deriv_fast", call),
    "changes": lambda speaker, call: speaker.renamed("changes_prometheus", call),
    "double_exponential_smoothing": (
        lambda speaker, call: speaker.renamed("holt_winters", call)
    ),
}


def _bare(node: promql.Expr) -> promql.Expr:
    while isinstance(node, promql.ParenExpr):
        node = node.expr
    return node


def _told_labels(selector: promql.VectorSelector) -> list[str]:
    """Return the labels that a selector names exactly and once, as quoted pairs."""
    matchers = selector.matchers.matchers
    names = [matcher.name for matcher in matchers]
    return [
        f"{json.dumps(matcher.name)},{json.dumps(matcher.value, ensure_ascii=False)}"
        for matcher in matchers
        if matcher.op == promql.MatchOp.Equal
        and names.count(matcher.name) == 1
        and matcher.name != "__name__"
    ]

"""The query of a strategy, put together by hand or written in PromQL."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.strategies.structured import to_promql, words
from bkmonitor.strategies.structured.wrong import Wrong
from bkmonitor.web.forms.inputs import CODE, SecondsField
from bkmonitor.web.forms.query_draft import (
    ROOT,
    Draft,
    blank_query,
    draft_of,
    read_draft,
    read_values,
)

MODE = "query-mode"
BUILDER, PROMQL = "builder", "promql"
JOINS = (("and", gettext_lazy("AND")), ("or", gettext_lazy("OR")))
OPERATORS = (
    ("=", "="),
    ("!=", "≠"),
    ("=~", gettext_lazy("matches")),
    ("!~", gettext_lazy("does not match")),
    ("include", gettext_lazy("contains")),
    ("exclude", gettext_lazy("does not contain")),
)
OVER_TIME = (
    ("", gettext_lazy("the newest value")),
    ("avg", gettext_lazy("average")),
    ("min", gettext_lazy("smallest")),
    ("max", gettext_lazy("largest")),
    ("sum", gettext_lazy("sum")),
    ("count", gettext_lazy("number of samples")),
    ("last", gettext_lazy("last")),
    ("rate", gettext_lazy("rate: growth a second")),
    ("increase", gettext_lazy("increase: growth in all")),
    ("irate", gettext_lazy("irate: growth a second of the last two")),
    ("delta", gettext_lazy("delta: last minus first")),
    ("deriv", gettext_lazy("deriv: slope a second")),
    ("changes", gettext_lazy("changes: how often it changed")),
    ("resets", gettext_lazy("resets: how often it began anew")),
)
OVER_LABELS = (
    ("", gettext_lazy("every series by itself")),
    ("sum", gettext_lazy("sum")),
    ("avg", gettext_lazy("average")),
    ("min", gettext_lazy("smallest")),
    ("max", gettext_lazy("largest")),
    ("count", gettext_lazy("number of series")),
    ("stddev", gettext_lazy("standard deviation")),
    ("quantile", gettext_lazy("quantile")),
)
FUNCTIONS = (
    ("", "–"),
    ("topk", gettext_lazy("topk: the largest")),
    ("bottomk", gettext_lazy("bottomk: the smallest")),
    (words.QUANTILE, words.QUANTILE),
    *((word, word) for word in words.OF_VALUES),
)
TAKE_NUMBERS = (*words.PICKERS, *words.QUANTILES)


class ConditionForm(forms.Form):
    """One condition; a row without label and values counts not."""

    join = forms.ChoiceField(
        label=gettext_lazy("AND or OR"), choices=JOINS, required=False
    )
    label = forms.CharField(
        label=gettext_lazy("Label"),
        max_length=1000,
        widget=forms.TextInput(attrs={"placeholder": "host"}),
    )
    operator = forms.ChoiceField(label=gettext_lazy("Operator"), choices=OPERATORS)
    values = forms.CharField(
        label=gettext_lazy("Values"),
        max_length=10_000,
        strip=False,
        widget=forms.TextInput(attrs={"placeholder": "web-1, web-2"}),
    )

    def as_json(self) -> dict[str, Any]:
        """Return the condition as the query has it."""
        typed, operator = self.cleaned_data, self.cleaned_data["operator"]
        values = read_values(typed["values"], operator)
        return {"label": typed["label"], "operator": operator, "values": values}


class FunctionForm(forms.Form):
    """One function of the values; a row without one counts not."""

    function = forms.ChoiceField(label=gettext_lazy("Function"), choices=FUNCTIONS)
    argument = forms.FloatField(
        label=gettext_lazy("Its number"), required=False, min_value=0
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the number of a function that takes one."""
        return _with_argument(self, "function")

    def as_json(self) -> dict[str, Any]:
        """Return the function as the query has it."""
        return _numbered(self.cleaned_data["function"], self.cleaned_data["argument"])


class QueryForm(forms.Form):
    """One query, but for its conditions and functions."""

    alias = forms.CharField(widget=forms.HiddenInput, max_length=31)
    metric = forms.CharField(
        label=gettext_lazy("Metric"),
        max_length=1000,
        error_messages={"required": gettext_lazy("choose one")},
    )
    over_time = forms.ChoiceField(
        label=gettext_lazy("Over time"), choices=OVER_TIME, required=False
    )
    window = SecondsField(label=gettext_lazy("over"), required=False)
    over_labels = forms.ChoiceField(
        label=gettext_lazy("Over series"), choices=OVER_LABELS, required=False
    )
    argument = forms.FloatField(
        label=gettext_lazy("Its number"), required=False, min_value=0, max_value=1
    )
    by = forms.CharField(
        label=gettext_lazy("for each"),
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs={"placeholder": "host, job"}),
    )
    shift = SecondsField(label=gettext_lazy("as it was"), required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for window and number where there is a function that takes one."""
        cleaned = _with_argument(self, "over_labels")
        if cleaned.get("over_time") and not cleaned.get("window"):
            self.add_error("window", _("say how long"))
        return cleaned

    def as_json(self) -> dict[str, Any]:
        """Return the query as the whole has it, without what the rows say."""
        typed = self.cleaned_data
        over_time, over_labels = None, None
        if typed["over_time"]:
            over_time = {"function": typed["over_time"], "window_s": typed["window"]}
        if typed["over_labels"]:
            over_labels = _numbered(typed["over_labels"], typed["argument"])
            over_labels["by"] = read_values(typed["by"], "=")
        return {
            "alias": typed["alias"],
            "metric": typed["metric"],
            "over_time": over_time,
            "shift_s": typed["shift"] or 0,
            "over_labels": over_labels,
        }


class WholeForm(forms.Form):
    """What is done with the queries together."""

    expression = forms.CharField(
        label=gettext_lazy("Calculate"),
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "a / b * 100", **CODE}),
    )
    shift = SecondsField(label=gettext_lazy("as it was"), required=False)

    def as_json(self) -> dict[str, Any]:
        """Return the whole but for its rows."""
        typed = self.cleaned_data
        return {"expression": typed["expression"], "shift_s": typed["shift"] or 0}


class Block:
    """A block of the builder on the page: its form, and the blocks within."""

    FORMS: ClassVar[dict[str, type[Any]]] = {
        "b": WholeForm,
        "q": QueryForm,
        "c": ConditionForm,
        "f": FunctionForm,
    }

    def __init__(self, draft: Draft, place: str = ROOT, letter: str = ROOT) -> None:
        self.draft = draft
        self.place = place
        self.form = self.FORMS[letter](
            draft.flat(place), prefix=place, use_required_attribute=False
        )
        self.queries = self._within("q")
        self.conditions = self._within("c")
        self.functions = self._within("f")

    @property
    def alias(self) -> str:
        """Return the name that the expression knows a query by."""
        return self.draft.typed.get("alias", "")

    @property
    def is_shifted(self) -> bool:
        """Tell whether it is about an earlier time."""
        return bool(self.draft.typed.get("shift_0"))

    @property
    def counts(self) -> bool:
        """Tell whether anything was typed into a row."""
        names = ("label", "values", "function")
        return any(self.draft.typed.get(name, "").strip() for name in names)

    def as_json(self) -> dict[str, Any]:
        """Return the structured query; ValidationError says what is missing, and where."""
        problems = list(self._problems())
        if problems:
            raise forms.ValidationError(problems)
        functions = [each.form.as_json() for each in self.functions if each.counts]
        own: dict[str, Any] = self.form.as_json()
        whole = own | {"functions": functions}
        if self.queries:
            return whole | {"queries": [query.as_json() for query in self.queries]}
        return whole | {"where": self._where()}

    def _where(self) -> list[list[dict[str, Any]]]:
        groups: list[list[dict[str, Any]]] = []
        for each in self.conditions:
            if not each.counts:
                continue
            if not groups or each.form.cleaned_data["join"] == "or":
                groups.append([])
            groups[-1].append(each.form.as_json())
        return groups

    def _problems(self) -> Iterator[str]:
        for name, errors in self.form.errors.items():
            field = self.form.fields[name].label if name in self.form.fields else ""
            for error in errors:
                yield f"{field}: {error}" if field else str(error)
        for row in (*self.conditions, *self.functions):
            if row.counts:
                yield from row._problems()
        for query in self.queries:
            for problem in query._problems():
                yield _("query %(alias)s, %(problem)s") % {"alias": query.alias, "problem": problem}  # fmt: skip

    def _within(self, letter: str) -> list["Block"]:
        return [
            Block(draft, f"{self.place}-{letter}{number}", letter)
            for number, draft in enumerate(self.draft.of(letter))
        ]


class QueryWidget(forms.Widget):
    """The builder as a whole; the pages draw it with a template of their own."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Draft | None:
        """Return what was typed into the builder, None where PromQL was written."""
        return read_draft(data) if data.get(MODE) == BUILDER else None


class QueryField(forms.Field):
    """A structured query, or None."""

    widget = QueryWidget

    def clean(self, value: Draft | None) -> dict[str, Any] | None:
        """Return the query if it has PromQL; the sentence of what is wrong, if not."""
        if value is None or not value.of("q"):
            return None
        query = Block(value).as_json()
        try:
            to_promql(query)
        except Wrong as error:
            raise forms.ValidationError(say(error)) from error
        return query


class ExpressedForm(forms.Form):
    """What is evaluated: PromQL, or a query that is put together and has its PromQL."""

    expression = forms.CharField(
        label=gettext_lazy("PromQL expression"),
        widget=forms.Textarea(attrs={"rows": 3, **CODE}),
    )
    query = QueryField(required=False)

    def clean(self) -> dict[str, Any]:
        """Derive the PromQL of a query that is put together."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("query") is not None:
            cleaned["expression"] = to_promql(cleaned["query"])
        if cleaned.get("query") is not None or "query" in self.errors:
            self.errors.pop("expression", None)
        return cleaned

    @property
    def draft(self) -> Draft | None:
        """Return what stands in the builder; None while PromQL is written.

        A stored query that has no place in the builder is shown as its PromQL.
        """
        value: Draft | Mapping[str, Any] | None = self["query"].value()
        if value is None or isinstance(value, Draft):
            return value
        try:
            return draft_of(value)
        except InvalidInput:
            return None


def _with_argument(form: forms.Form, name: str) -> dict[str, Any]:
    cleaned = form.cleaned_data
    if cleaned.get(name) in TAKE_NUMBERS and cleaned.get("argument") is None:
        form.add_error("argument", _("give it"))
    return cleaned


def _numbered(function: str, argument: float | None) -> dict[str, Any]:
    taken = argument if function in TAKE_NUMBERS else None
    return {"function": function, "argument": taken}


def say(wrong: Wrong) -> str:
    """Say in the reader's language what is wrong with a query."""
    return _(wrong.sentence.id) % wrong.sentence.params


def blank_draft() -> Draft:
    """Return a builder with one query about which nothing has been said."""
    draft = Draft()
    draft.of("q").append(blank_query())
    return draft

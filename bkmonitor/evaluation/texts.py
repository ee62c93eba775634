"""The summary and description that a user wrote, for one series."""

from collections.abc import Mapping
from functools import lru_cache

from jinja2 import Template, TemplateError

from bkmonitor.evaluation.verdict import Source
from bkmonitor.lib.labels import Labels
from bkmonitor.strategies.templates import compile_template

LONGEST = 2_000
SEVERITY_WORDS = {1: "critical", 2: "warning", 3: "info"}


def render_texts(
    source: Source, labels: Labels, value: float | None, severity: int
) -> tuple[str, str]:
    """Return summary and description with `value`, `labels`, `severity`, `name` filled in.

    A template that fails is returned as it was written, with the error behind it:
    the alert goes out all the same, and its reader can mend the template.
    """
    context = {
        "value": value,
        "labels": dict(labels),
        "severity": SEVERITY_WORDS[severity],
        "name": source.name,
    }
    return _rendered(source.summary, context), _rendered(source.description, context)


def _rendered(text: str, context: Mapping[str, object]) -> str:
    if "{" not in text:
        return text[:LONGEST]
    try:
        return _compiled(text).render(context)[:LONGEST]
    except (
        TemplateError,
        TypeError,
        ValueError,
        ArithmeticError,
        LookupError,
    ) as error:
        return f"{text} [{error}]"[:LONGEST]


@lru_cache(maxsize=1000)
def _compiled(text: str) -> Template:
    return compile_template(text)

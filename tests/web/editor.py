"""What a browser sends of the strategy editor."""

from typing import Any

from django.forms import CheckboxInput, MultiWidget

from bkmonitor.strategies.models import Strategy
from bkmonitor.web.forms.levels_draft import ROOT, levels_draft
from bkmonitor.web.forms.strategies import StrategyForm
from tests.factories import make_level

LIMIT = "l-v0-d0-c0-value"


def typed(strategy: Strategy | None = None, **changes: Any) -> dict[str, Any]:
    """Return what is sent of the editor as it was opened, with these changes.

    `levels` are levels as a row keeps them; of a new strategy they are one limit.
    """
    form = StrategyForm(strategy=strategy)
    levels = [make_level(1, ">", 90.0)] if strategy is None else strategy.levels
    sent: dict[str, Any] = {"name": "Load", "expression": "node_load1", "span": "1h"}
    for field in form:
        widget, value = field.field.widget, field.value()
        if isinstance(widget, MultiWidget):
            sent |= {f"{field.name}_{at}": "" if part is None else str(part)
                     for at, part in enumerate(widget.decompress(value))}  # fmt: skip
        elif isinstance(widget, CheckboxInput):
            sent |= {field.name: "on"} if value else {}
        elif value not in (None, "") and field.name not in ("levels", "query"):
            sent[field.name] = str(field.field.prepare_value(value))
    shown = levels_draft(changes.pop("levels", levels), form.written_in).flat(ROOT)
    sent = sent | shown | changes
    # As browsers send the ends of lines.
    return {
        name: text.replace("\n", "\r\n") if isinstance(text, str) else text
        for name, text in sent.items()
    }

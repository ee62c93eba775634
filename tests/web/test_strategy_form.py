"""Whatever is stored: opened in the editor and saved as it is, it stays what it was."""

from hypothesis import given
from hypothesis import strategies as st

from bkmonitor.lib.units import UNITS
from bkmonitor.strategies.models import DEFINING, Strategy
from bkmonitor.web.forms.strategies import TYPED, StrategyForm
from tests.web.editor import typed
from tests.web.test_levels_form import levels

KEPT = sorted({*TYPED, *DEFINING, "no_data"} - {"query"})
names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
lines = st.text(st.sampled_from("ab {}%=é\n "), max_size=30)


def policies():
    """Any policy, with all of its parts or some."""
    return st.fixed_dictionaries(
        {"policy": st.sampled_from(["ignore", "series", "group"])},
        optional={
            "after": st.integers(1, 1000),
            "severity": st.integers(1, 3),
            "by": st.lists(names, min_size=1, max_size=3, unique=True),
            "forget_s": st.integers(60, 366 * 86400),
        },
    )


def expressions():
    """PromQL as people lay it out."""
    parts = st.sampled_from(["up", "node_load1 / 4", "sum by (job) (rate(a[5m]))"])
    return st.builds("{}{} > 0{}".format, st.sampled_from(["", "\n", " "]), parts, st.sampled_from(["", "\n", "\n  or b"]))  # fmt: skip


@st.composite
def stored(draw):
    """Return a strategy as a row may keep it, by whatever door it came."""
    count = draw(st.integers(1, 1000))
    return Strategy(
        name=draw(names),
        enabled=draw(st.booleans()),
        expression=draw(expressions()),
        unit=draw(st.sampled_from([*UNITS])),
        interval_s=draw(st.integers(10, 3600)),
        levels=draw(levels()),
        trigger_count=count,
        trigger_window=draw(st.integers(count, 1000)),
        recovery_window=draw(st.integers(1, 1000)),
        late_periods=draw(st.integers(0, 10)),
        delay_s=draw(st.integers(0, 600)),
        flap_count=draw(st.integers(0, 20)),
        flap_window_s=draw(st.integers(1, 86400)),
        no_data=draw(st.just({}) | policies()),
        labels=draw(st.dictionaries(names, names, max_size=3)),
        summary=draw(lines.filter(lambda text: "\n" not in text)),
        description=draw(lines),
    )


@given(stored())
def test_what_is_stored_and_saved_unchanged_is_what_was_stored(strategy):
    form = StrategyForm(typed(strategy), strategy=strategy)

    assert form.is_valid(), form.errors
    assert {name: form.cleaned_data[name] for name in KEPT} == {
        name: getattr(strategy, name) for name in KEPT
    }

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from bkmonitor.evaluation import replay
from bkmonitor.metrics.tsdb.current import replaced_by
from tests.factories import NOON, make_level, make_space, make_strategy
from tests.recorded import Recorded

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
FIRST = int((NOON - HOUR).timestamp())
SPAN = ("--from", (NOON - HOUR).isoformat(), "--to", NOON.isoformat())


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def store():
    hot = [50.0] * 20 + [95.0] * 3 + [50.0] * 35 + [99.0] * 3
    store = Recorded(samples={("cpu", "a"): hot}, first=FIRST)
    with replaced_by(store):
        yield store


@pytest.fixture
def strategy():
    space = make_space(slug="shop")
    return make_strategy(space, name="CPU", levels=[make_level(2, ">", 90)])


def run(*words, stderr=None):
    out = io.StringIO()
    call_command("replay_strategy", *words, stdout=out, stderr=stderr or io.StringIO())
    return out.getvalue()


def test_it_says_what_would_have_fired_and_when(store, strategy):
    assert run(str(strategy.pk), *SPAN) == (
        "“CPU” of shop, 2026-03-02 11:00:00 to 2026-03-02 12:00:00 UTC, every 1 min\n"
        "Would have fired 2 times, median 2 min 30 s, 1 still open\n"
        "1 series at 61 moments: 55 points normal, 6 anomalous\n"
        "  2026-03-02 11:20:00  warning          3 min  host=a\n"
        "  2026-03-02 11:58:00  warning     still open  host=a\n"
    )


def test_as_json_it_is_one_object(store, strategy):
    told = json.loads(run(str(strategy.pk), *SPAN, "--json"))

    assert told["summary"]["fired"] == 2
    assert told["alerts"][0] == {
        "labels": {"host": "a"},
        "start": FIRST + 1200,
        "end": FIRST + 1380,
        "severities": [[FIRST + 1200, 2]],
    }
    assert (told["from"], told["left_out"]) == ("2026-03-02T11:00:00+00:00", 0)


def test_it_says_that_missing_data_is_no_part_of_it(store, strategy):
    strategy.no_data = {"policy": "series"}
    strategy.save(update_fields=["no_data"])

    remark = "Alerts for missing data, and of composite strategies, are not part of it."
    assert remark in run(str(strategy.pk), *SPAN).splitlines()
    assert json.loads(run(str(strategy.pk), *SPAN, "--json"))["remarks"] == [remark]


def test_only_the_newest_alerts_are_listed(store, strategy):
    told = run(str(strategy.pk), *SPAN, "--alerts", "1")

    assert "11:58:00  warning" in told
    assert "11:20:00  warning" not in told
    assert "warning" not in run(str(strategy.pk), *SPAN, "--alerts", "0")


def test_a_terminal_shows_how_far_it_is(store, strategy, monkeypatch):
    monkeypatch.setattr(replay, "FIRST_CHUNK", 30)
    terminal = Terminal()

    run(str(strategy.pk), *SPAN, stderr=terminal)

    shown = terminal.getvalue()
    assert "[" + "#" * 14 + "." * 16 + "]  49 %  30 of 61 moments, 1 series" in shown
    assert "] 100 %" in shown


def test_what_is_no_terminal_is_spared_the_bar(store, strategy):
    stream = io.StringIO()

    run(str(strategy.pk), *SPAN, stderr=stream)

    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("words", "told", "status"),
    [
        (["99999"], "there is no strategy 99999", 1),
        (["ID", "--from", "soon"], "'soon' is no moment", 1),
        (["ID", "--from", "1h", "--to", "2h"], "--from 1h is not before --to 2h", 1),
        (["ID", "--from", "1970-01-02"], "a replay has 1 to", 1),
    ],
)
def test_what_cannot_be_replayed_is_named(store, strategy, words, told, status):
    words = [str(strategy.pk) if word == "ID" else word for word in words]

    with pytest.raises(CommandError, match=told) as refused:
        run(*words)

    assert refused.value.returncode == status


def test_a_composite_strategy_sends_to_its_members(store):
    composite = make_strategy(kind="composite", expression="")

    with pytest.raises(CommandError, match="replay its members"):
        run(str(composite.pk))


def test_an_answer_that_is_not_complete_has_a_status_of_its_own(store, strategy):
    store.wrong = "two of three parts answered"

    with pytest.raises(CommandError, match="two of three parts") as refused:
        run(str(strategy.pk), *SPAN)

    assert refused.value.returncode == 3


def test_memory_does_not_grow_with_the_time(store, strategy, monkeypatch):
    """Parts are of a bounded size, whatever there is to replay."""
    monkeypatch.setattr(replay, "POINTS_AT_ONCE", 300)
    store.samples = {("cpu", f"h{n}"): [50.0] * 400 for n in range(10)}
    sizes = []
    add = replay.Replay.__init__

    def note(self, ticks, labels, *rest):
        sizes.append(len(ticks) * len(labels))
        add(self, ticks, labels, *rest)

    monkeypatch.setattr(replay.Replay, "__init__", note)
    end = (NOON + 5 * HOUR).isoformat()

    run(str(strategy.pk), "--from", (NOON - HOUR).isoformat(), "--to", end)

    assert max(sizes[1:]) <= 300

"""What verdicts say, in a shape that a test can compare."""

from bkmonitor.evaluation.levels import FIRES, HOLDS
from bkmonitor.evaluation.verdict import HELD, NORMAL, Sentence, Verdicts


def said(verdicts: Verdicts) -> list[int]:
    """Return each series' severity at the newest moment; HELD, or NORMAL for over."""
    found = []
    for states in verdicts.states[:, -1].tolist():
        calm = HELD if set(states) == {HOLDS} else NORMAL
        found.append(states.index(FIRES) + 1 if FIRES in states else calm)
    return found


def why(verdicts: Verdicts, row: int = 0) -> Sentence:
    """Return what is told of a series at the newest moment."""
    severity = max(0, said(verdicts)[row])
    sentence = verdicts.tell(row, len(verdicts.moments) - 1, severity).sentence
    assert sentence is not None
    return sentence


def value(verdicts: Verdicts, row: int = 0) -> float:
    """Return the value that is told of a series at the newest moment."""
    severity = max(0, said(verdicts)[row])
    return verdicts.tell(row, len(verdicts.moments) - 1, severity).value

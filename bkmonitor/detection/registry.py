"""The kinds of detectors: from what is stored to what judges, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bkmonitor.detection.amplitude import (
    RingRatioAmplitude,
    YearRoundAmplitude,
    YearRoundRange,
)
from bkmonitor.detection.flatline import Flatline
from bkmonitor.detection.forecast import Forecast
from bkmonitor.detection.host_restart import HostRestart
from bkmonitor.detection.outlier import Outlier
from bkmonitor.detection.parameters import Parameter, dump, parameters_of
from bkmonitor.detection.partial_probes import PartialProbes
from bkmonitor.detection.ping import PingUnreachable
from bkmonitor.detection.port import Detector
from bkmonitor.detection.present import Present
from bkmonitor.detection.process_port import ProcessPort
from bkmonitor.detection.rate import RateOfChange
from bkmonitor.detection.ring_ratio import RingRatio, RingRatioAdvanced
from bkmonitor.detection.seasonal import Seasonal
from bkmonitor.detection.spread import Mad, ZScore
from bkmonitor.detection.threshold import Threshold
from bkmonitor.detection.unseen import UnseenSeries
from bkmonitor.detection.year_round import YearRound, YearRoundAdvanced
from bkmonitor.lib.errors import InvalidInput

# In the order in which they are offered.
_ALL: tuple[type[Detector], ...] = (
    Threshold,
    Present,
    RingRatio,
    RingRatioAdvanced,
    RingRatioAmplitude,
    YearRound,
    YearRoundAdvanced,
    YearRoundAmplitude,
    YearRoundRange,
    Seasonal,
    ZScore,
    Mad,
    Outlier,
    RateOfChange,
    Flatline,
    Forecast,
    UnseenSeries,
    PartialProbes,
    HostRestart,
    ProcessPort,
    PingUnreachable,
)
KINDS: Mapping[str, type[Detector]] = {each.kind: each for each in _ALL}
# What these say of a series depends on which others there are.
COMPARING = frozenset({Outlier.kind, UnseenSeries.kind, PartialProbes.kind})


@dataclass(frozen=True, slots=True)
class Description:
    """What a form, the API and the docs say of a kind; texts are marked, not translated."""

    kind: str
    title: str
    about: str
    parameters: tuple[Parameter, ...]


def parse_detector(raw: object) -> Detector:
    """Return the detector of {"kind": "threshold", ...its parameters}.

    Errors  InvalidInput naming the field and the value.
    """
    if not isinstance(raw, Mapping):
        raise InvalidInput(f"a detector must be an object with a kind, not {raw!r}")
    given = dict(raw)
    kind = _class_of(given.pop("kind", None))
    known = {each.name: each for each in parameters_of(kind)}
    wrong = {name: f"is no parameter of {kind.kind}" for name in given.keys() - known}
    wrong |= {
        name: "is missing"
        for name, parameter in known.items()
        if parameter.required and name not in given
    }
    if wrong:
        told = "; ".join(f"{name} {what}" for name, what in sorted(wrong.items()))
        raise InvalidInput(f"{kind.kind}: {told}", wrong)
    try:
        return kind(**given)
    except InvalidInput as error:
        raise InvalidInput(f"{kind.kind}: {error}", error.fields) from error


def dump_detector(detector: Detector) -> dict[str, Any]:
    """Return a detector as it is stored: its kind, and every parameter."""
    told = {
        each.name: dump(getattr(detector, each.name))
        for each in parameters_of(type(detector))
    }
    return {"kind": detector.kind, **told}


def describe(kind: str) -> Description:
    """Return what there is to say of a kind and its parameters.

    Errors  InvalidInput if there is no such kind.
    """
    found = _class_of(kind)
    return Description(found.kind, found.title, found.about, parameters_of(found))


def _class_of(kind: object) -> type[Detector]:
    if not isinstance(kind, str) or kind not in KINDS:
        sentence = f"{kind!r} is none of {', '.join(KINDS)}"
        raise InvalidInput(f"kind {sentence}", {"kind": sentence})
    return KINDS[kind]

"""The program that draws a chart: a Drawing in JSON on the input, a PNG on the output.

It runs in a process of its own, so that neither matplotlib's memory nor a drawing
that goes wrong is the worker's. Numbers and times alone: a word would need the
reader's language and its fonts.
"""

import json
import signal
import sys
from datetime import datetime
from math import nan
from typing import Any
from zoneinfo import ZoneInfo

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure

INCHES, DPI = (6.0, 2.4), 200  # 1200 x 480, shown at half of it
LINE, LIMIT, FIRING = "#2e5aac", "#b42318", "#fdd9d5"
GRID, TEXT = "#e4e7ec", "#475467"


def draw(drawing: dict[str, Any]) -> Figure:
    """Return the figure: the series, the limit as a line, firing as a shade."""
    zone = ZoneInfo(drawing["zone"])
    figure = Figure(figsize=INCHES, dpi=DPI, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    times = [_day(at, zone) for at in drawing["times"]]
    values = [nan if value is None else value for value in drawing["values"]]
    alone = "." if sum(value == value for value in values) < 3 else ""
    axes.plot(times, values, color=LINE, linewidth=1.4, marker=alone, zorder=3)
    if drawing["limit"] is not None:
        axes.axhline(drawing["limit"], color=LIMIT, linewidth=1.1, linestyle="--")
    if drawing["firing_from"] is not None:
        since = max(drawing["firing_from"], drawing["times"][0])
        until = max(drawing["firing_to"] or drawing["times"][-1], since)
        axes.axvspan(_day(since, zone), _day(until, zone), color=FIRING, zorder=1)
    axes.set_xlim(times[0], times[-1] if times[-1] > times[0] else times[0] + 1 / 1440)
    _dress(axes, zone)
    return figure


def _day(at: float, zone: ZoneInfo) -> float:
    """Return an instant in matplotlib's days."""
    return float(date2num(datetime.fromtimestamp(at, zone)))  # type: ignore[no-untyped-call]


def _dress(axes: Any, zone: ZoneInfo) -> None:
    locator = AutoDateLocator(tz=zone, minticks=4, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    # The concise form names the day once, at the corner; months are numbers here.
    numbers = ["%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M", "%S"]
    axes.xaxis.set_major_formatter(
        ConciseDateFormatter(  # type: ignore[no-untyped-call]
            locator,
            tz=zone,
            formats=numbers,
            zero_formats=["", "%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M"],
            offset_formats=[
                "",
                "%Y",
                "%Y-%m",
                "%Y-%m-%d",
                "%Y-%m-%d",
                "%Y-%m-%d %H:%M",
            ],
        )
    )
    axes.grid(color=GRID, linewidth=0.6)
    axes.tick_params(colors=TEXT, labelsize=9, length=0)
    axes.xaxis.get_offset_text().set(color=TEXT, fontsize=9)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(GRID)


if __name__ == "__main__":
    # Who started this may be dead, and would then never end it.
    signal.alarm(60)
    draw(json.load(sys.stdin)).savefig(sys.stdout.buffer, format="png")

"""The supervisor's configuration, rendered strictly from its template."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bkmonitor.config.boot.sizes import concurrency
from bkmonitor.config.boot.stop import stop_times
from bkmonitor.lib.errors import InvalidInput
from bkmonitor.pipeline.queues import QUEUES

HOME = Path(__file__).resolve().parent.parent.parent.parent
TEMPLATE = (
    HOME / "support-files" / "templates" / "#etc#supervisor-bkmonitorv3-monitor.conf"
)
PLACEHOLDER = re.compile(r"__([A-Z0-9_]+?)__")
SECTION = re.compile(r"^\[(\w+)(?::(\w+))?\]$", re.MULTILINE)
# Two stores are left out where the service was given one of its own.
GROUPS = {
    "host": ("web", "worker", "beat", "metrics"),
    "worker": ("worker", "metrics"),
    "beat": ("beat", "metrics"),
    "standalone": ("standalone", "stores"),
}


def filling(values: Mapping[str, Any], role: str) -> dict[str, str]:
    """Return what each placeholder of the template stands for in a role or on a host."""
    # In a worker's or beat's container the files lie in memory.
    small = role in ("worker", "beat")
    times = stop_times(values["BKM_STOP_GRACE"])
    sizes = concurrency(values)
    return {
        "BKM_HOME": str(HOME),
        "BKM_DATA": values["BKM_DATA"],
        "BKM_RUN": values["BKM_RUN"],
        "BKM_LOG_DIR": log_dir(values, role),
        "SILENT": "false" if role == "host" else "true",
        "STOP_PROGRAM": str(times.program),
        "STOP_STORE": str(times.store),
        "LOG_BYTES": "2MB" if small else "20MB",
        "LOG_FILES": "2" if small else "5",
        "ALL_QUEUES": ",".join(QUEUES),
        "CONCURRENCY_STANDALONE": str(values["BKM_WORKER_CONCURRENCY"] or 2),
        "VM_LISTEN": values["BKM_VM_WRITE_URL"].rpartition("@")[2].rpartition("/")[2],
    } | {f"CONCURRENCY_{queue.upper()}": str(n) for queue, n in sizes.items()}


def log_dir(values: Mapping[str, Any], role: str) -> str:
    """Return the folder of the programs' log files."""
    place = "BKM_RUN" if role in ("worker", "beat") else "BKM_DATA"
    return str(values["BKM_LOG_DIR"] or f"{values[place]}/log")


def render(
    template: str,
    values: Mapping[str, str],
    *,
    groups: Iterable[str],
    without: Iterable[str] = (),
) -> str:
    """Return the configuration of these groups, less the programs in `without`.

    Errors  InvalidInput names every placeholder without a value, every `${...}`
            outside a command (supervisor would not expand it), and every value
            that could end the quotes or the line it stands in.
    """
    chosen = _choose(template, frozenset(groups), frozenset(without))
    wrong = [
        f"__{name}__ has no value"
        for name in sorted(set(PLACEHOLDER.findall(chosen)) - set(values))
    ]
    wrong += [
        f"{name}: {value!r} has a quote, a space or a control character"
        for name, value in sorted(values.items())
        if re.search(r"[\s\"'`$\\;\x00-\x1f\x7f]", value)
    ]
    wrong += [
        f"supervisor does not expand {line.strip()!r}"
        for line in chosen.splitlines()
        if "${" in line and not line.startswith((";", "command="))
    ]
    if wrong:
        raise InvalidInput("; ".join(wrong))
    return PLACEHOLDER.sub(lambda m: values[m[1]].replace("%", "%%"), chosen)


def write(path: Path, text: str) -> None:
    """Write a configuration at once, readable for its owner and group alone."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(text)
    beside.chmod(0o640)
    beside.replace(path)


def _choose(template: str, groups: frozenset[str], without: frozenset[str]) -> str:
    """Keep the sections of these groups and of their programs, and the general ones."""
    sections = _sections(template)
    programs = {
        program
        for kind, name, body in sections
        if kind == "group" and name in groups
        for program in _programs(body)
    } - without
    kept = []
    for kind, name, body in sections:
        if kind == "program" and name not in programs:
            continue
        if kind == "group":
            left = [p for p in _programs(body) if p in programs]
            if name not in groups or not left:
                continue
            body = re.sub(
                r"^programs=.*$",
                f"programs={','.join(left)}",
                body,
                flags=re.MULTILINE,
            )
        kept.append(body)
    return "".join(kept)


def _programs(body: str) -> list[str]:
    found = re.search(r"^programs=(.*)$", body, re.MULTILINE)
    return found[1].split(",") if found else []


def _sections(template: str) -> list[tuple[str, str, str]]:
    """Return (kind, name, text) of each section; what stands before the first too."""
    marks = list(SECTION.finditer(template))
    ends = [mark.start() for mark in marks[1:]] + [len(template)]
    head = template[: marks[0].start()]
    return [("head", "", head)] + [
        (mark[1], mark[2] or "", template[mark.start() : end])
        for mark, end in zip(marks, ends, strict=True)
    ]

"""What programs say, on the container's own output too, in whole lines."""

import json
import sys
import time
from typing import TextIO


class Relay:
    """Collect each program's output into lines and pass them on.

    In JSON, a line that is none already becomes one, so that a collector can read
    everything; in text, each line begins with the program's name.
    """

    def __init__(self, form: str, out: TextIO = sys.stdout) -> None:
        self._json = form == "json"
        self._out = out
        self._rest: dict[str, bytes] = {}

    def feed(self, program: str, data: bytes) -> None:
        """Take a piece of a program's output; write the lines that are complete."""
        *lines, rest = (self._rest.get(program, b"") + data).split(b"\n")
        # A program that never ends its line must not fill the memory.
        self._rest[program] = rest[-65536:]
        for line in lines:
            self._write(program, line.decode("utf-8", "replace"))
        if lines:
            self._out.flush()

    def say(self, event: str, **fields: str) -> None:
        """Write a line of the supervisor's own."""
        if self._json:
            line = {"ts": _now(), "level": "INFO", "logger": "supervisor"}
            self._out.write(json.dumps({**line, "event": event, **fields}) + "\n")
        else:
            told = "".join(f" {key}={value}" for key, value in fields.items())
            self._out.write(f"supervisor | {_now()} {event}{told}\n")
        self._out.flush()

    def _write(self, program: str, line: str) -> None:
        if not line:
            return
        if not self._json:
            line = line if program == "herald" else f"{program} | {line}"
        elif not line.startswith("{"):
            line = json.dumps(
                {"ts": _now(), "level": "INFO", "logger": program, "event": line},
                ensure_ascii=False,
            )
        self._out.write(line + "\n")


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

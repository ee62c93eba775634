"""Run supervisord in this process: pass on what programs say, and end when one is lost."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from supervisor import events, supervisord
from supervisor.states import SupervisorStates
from supervisor.supervisord import Supervisor

from bkmonitor.config.boot.relay import Relay

PROGRAM_LOST = 70


class Watch:
    """Listen to supervisord from inside, which spares a process of its own for it."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._options: Any = None
        self.lost: list[str] = []

    def arm(self, options: Any) -> None:
        """Subscribe; supervisord forgets its listeners when it starts."""
        self._options = options
        events.subscribe(events.ProcessLogStdoutEvent, self._on_output)
        events.subscribe(events.ProcessStateExitedEvent, self._on_exit)
        events.subscribe(events.ProcessStateBackoffEvent, self._on_early_exit)
        events.subscribe(events.ProcessStateFatalEvent, self._on_fatal)

    def _on_output(self, event: Any) -> None:
        self._relay.feed(event.process.config.name, event.data)

    def _on_exit(self, event: Any) -> None:
        if not event.expected:
            self._relay.say("program.exited", program=event.process.config.name)

    def _on_early_exit(self, event: Any) -> None:
        name, tries = event.process.config.name, str(event.process.backoff)
        self._relay.say("program.exited_at_start", program=name, tries=tries)

    def _on_fatal(self, event: Any) -> None:
        if self._options.mood < SupervisorStates.RUNNING:
            return  # what was being restarted when the signal to stop came
        # A container with a dead program would look healthy for ever: end it, so
        # that whoever runs it sees and starts it anew.
        name = event.process.config.name
        self.lost.append(name)
        self._relay.say("program.lost", program=name)
        os.kill(os.getpid(), signal.SIGTERM)


def supervise(configuration: Path, form: str) -> int:
    """Run until the signal to stop; return 0, or 70 when a program could not be kept."""
    watch = Watch(Relay(form))

    class WatchedSupervisor(Supervisor):  # type: ignore[misc]
        def runforever(self) -> None:
            watch.arm(self.options)
            super().runforever()

    supervisord.Supervisor = WatchedSupervisor
    arguments = ["-c", str(configuration)]
    if os.geteuid() == 0:
        arguments += ["-u", "root"]
    supervisord.main(arguments)
    if watch.lost:
        sys.stderr.write(f"lost for good: {', '.join(watch.lost)}\n")
        return PROGRAM_LOST
    return 0

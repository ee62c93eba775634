"""Containers as the tests see them, by podman's or docker's command line."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

ENGINE = os.environ.get("ENGINE", "podman")
IMAGE = os.environ.get("IMAGE", "bkmonitor:dev")
# What every container of the service is given: nothing it does not need.
CONFINED = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "all", "--security-opt", "no-new-privileges")  # fmt: skip


def engine(*words: str, check: bool = True, timeout_s: float = 120) -> str:
    """Run the engine; return its output, both streams of it."""
    done = subprocess.run(
        [ENGINE, *words],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
    )
    assert not check or done.returncode == 0, done.stdout
    return done.stdout


def until(ask: Callable[[], Any], *, what: str, timeout_s: float = 60) -> Any:
    """Ask until the answer is true, and return it; fail with `what` when it is not."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if answer := ask():
            return answer
        time.sleep(0.25)
    raise AssertionError(f"{what}: not within {timeout_s:g} s")


@dataclass(frozen=True)
class Container:
    """A container by its name."""

    name: str

    def exec(self, *words: str, check: bool = True) -> str:
        """Run a command in it; return the output."""
        return engine("exec", self.name, *words, check=check)

    def manage(self, code: str) -> Any:
        """Run Python with Django ready in it; return what `answer` was set to."""
        program = f"{code}\nimport json; print(json.dumps(answer, default=str))"
        told = self.exec("bin/entrypoint", "manage", "shell", "-v0", "-c", program)
        return json.loads(told.strip().splitlines()[-1])

    def is_well(self, *flags: str) -> bool:
        """Tell what its health check says."""
        told = self.exec("bin/healthcheck", *flags, check=False)
        return told.strip().endswith("is well")

    def await_health(self, *flags: str, timeout_s: float = 90) -> None:
        """Wait until it is well; fail at once, with its last lines, when it has ended."""

        def well_or_gone() -> bool:
            if not self.running:
                raise AssertionError(
                    f"ended with {self.exit_code}: {self.logs[-3000:]}"
                )
            return self.is_well(*flags)

        until(well_or_gone, what=f"health of {self.name}", timeout_s=timeout_s)

    @property
    def logs(self) -> str:
        return engine("logs", self.name)

    @property
    def exit_code(self) -> int:
        return int(engine("inspect", "-f", "{{.State.ExitCode}}", self.name))

    @property
    def running(self) -> bool:
        return (
            engine("inspect", "-f", "{{.State.Running}}", self.name).strip() == "true"
        )

    def stop(self, grace_s: int) -> float:
        """Stop it as an operator does; return how long that took, in seconds."""
        began = time.monotonic()
        engine("stop", "-t", str(grace_s), self.name)
        return time.monotonic() - began

    def kill(self) -> None:
        """End it without a word."""
        engine("kill", "-s", "KILL", self.name)

    def start(self) -> None:
        """Start it again."""
        engine("start", self.name)

    def wait(self, timeout_s: float = 120) -> int:
        """Wait for its end; return the exit code."""
        until(lambda: not self.running, what=f"{self.name} ends", timeout_s=timeout_s)
        return self.exit_code


@contextmanager
def container(name: str, *flags_and_command: str) -> Iterator[Container]:
    """Run a container in the background; remove it at the end."""
    engine("rm", "-f", "-v", name, check=False)
    engine("run", "-d", "--name", name, *flags_and_command)
    try:
        yield Container(name)
    finally:
        engine("rm", "-f", "-v", name, check=False)


def once(*flags_and_command: str) -> tuple[int, str]:
    """Run a container to its end; return exit code and output."""
    done = subprocess.run(
        [ENGINE, "run", "--rm", *flags_and_command],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout


def get(url: str) -> tuple[int, bytes]:
    """Send a GET; return status and body, 0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def given(values: dict[str, str]) -> list[str]:
    """Return the flags that give a container these variables."""
    return [
        word for name, value in values.items() for word in ("-e", f"{name}={value}")
    ]

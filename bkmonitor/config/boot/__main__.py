"""The first process of every role: python -m bkmonitor.config.boot ROLE [ARGUMENT...]."""

import logging.config
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bkmonitor.config import logs
from bkmonitor.config.boot import backup, report, roles, standalone, supervisor
from bkmonitor.config.boot.exits import BAD_CONFIGURATION, Stop
from bkmonitor.config.variables import load
from bkmonitor.lib.errors import InvalidInput


def main(arguments: Sequence[str]) -> int:
    """Run a role or a command; return its exit code."""
    values = load(os.environ)
    logging.config.dictConfig(
        logs.configuration(values["BKM_LOG_LEVEL"], values["BKM_LOG_FORMAT"])
    )
    role, *rest = arguments
    try:
        if role in COMMANDS:
            return COMMANDS[role](rest)
        roles.start(role, rest, os.environ)
    except Stop as stop:
        sys.stderr.write("\n".join(stop.lines) + "\n")
        return stop.code
    except InvalidInput as error:
        sys.stderr.write(f"{error}\n")
        return BAD_CONFIGURATION


def check_config(arguments: Sequence[str]) -> int:
    """Print the configuration that a role would have; 78 if it is wrong."""
    role = arguments[0] if arguments else "manage"
    environ = standalone.beside(os.environ)
    if role == "standalone":
        environ |= standalone.own_environment(os.environ)
    sys.stdout.write(report.report(roles.checked(environ, role)))
    return 0


def manage(arguments: Sequence[str]) -> int:
    """Become manage.py, with the variables of a standalone role that runs here."""
    environ = standalone.beside(os.environ)
    roles.checked(environ, "manage")
    program = str(supervisor.HOME / "manage.py")
    os.execve(sys.executable, [sys.executable, program, *arguments], environ)


def render_supervisor(arguments: Sequence[str]) -> int:
    """Print the supervisor's configuration, or write it: [--check] [GROUPS [FILE]]."""
    rest = [argument for argument in arguments if argument != "--check"]
    groups = rest[0] if rest else "host"
    if groups not in supervisor.GROUPS:
        raise InvalidInput(f"{groups} is none of {', '.join(supervisor.GROUPS)}")
    values = roles.checked(os.environ, "manage").values
    text = supervisor.render(
        supervisor.TEMPLATE.read_text(),
        supervisor.filling(values, groups),
        groups=supervisor.GROUPS[groups],
    )
    if "--check" in arguments:
        return 0
    if len(rest) > 1:
        supervisor.write(Path(rest[1]), text)
    else:
        sys.stdout.write(text)
    return 0


def save_or_bring_back(arguments: Sequence[str]) -> int:
    """Run backup FILE or restore FILE."""
    what, *rest = arguments
    if len(rest) != 1:
        raise InvalidInput(f"say which file: {what} FILE")
    values = roles.checked(standalone.beside(os.environ), "manage").values
    work = backup.backup if what == "backup" else backup.restore
    parts = work(Path(rest[0]), values)
    sys.stdout.write(f"{what} {rest[0]}: {', '.join(parts)}\n")
    return 0


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "backup": lambda rest: save_or_bring_back(["backup", *rest]),
    "check-config": check_config,
    "manage": manage,
    "render-supervisor": render_supervisor,
    "restore": lambda rest: save_or_bring_back(["restore", *rest]),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

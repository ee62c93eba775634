"""What each role checks, waits for, and becomes."""

import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NoReturn

from bkmonitor.config.boot import database, dependencies, schema, standalone, supervisor
from bkmonitor.config.boot.exits import BAD_CONFIGURATION, Stop
from bkmonitor.config.boot.sizes import concurrency
from bkmonitor.config.boot.supervise import supervise
from bkmonitor.config.variables import Configuration, load
from bkmonitor.pipeline.queues import QUEUES

HOME = supervisor.HOME
PROGRAMS = {
    "worker": [f"celery_worker_{queue}" for queue in QUEUES],
    "beat": ["celery_beat"],
    "standalone": ["web", "celery_worker", "celery_beat"],
    "web": ["web"],
}


def start(role: str, arguments: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Check everything, prepare, and become the role; never returns.

    Errors  Stop with exit code 78 for what is configured wrongly, all of it in one
            list; 75 for what may be better at the next try.
    """
    if role == "migrate":
        values = checked(environ, role).values
        _wait(role, values)
        schema.prepare_schema("auto", values, environ)
        sys.exit(0)
    data = standalone.data_folder(environ) if role == "standalone" else None
    with standalone.alone_on(data) if data else nullcontext():
        _prepare(role, arguments, environ)


def _prepare(
    role: str, arguments: Sequence[str], environ: Mapping[str, str]
) -> NoReturn:
    run = standalone.run_folder(environ)
    added = standalone.own_environment(environ) if role == "standalone" else {}
    environ = {**environ, **added}
    values = checked(environ, role, also=_unknown_queues(role, arguments)).values
    _wait(role, values, own_redis="BKM_REDIS_URL" in added)
    schema.prepare_schema(_how(role, values), values, environ)
    schema.check_key(environ)
    _clear(run)
    standalone.note(run, {**added, "BKM_LISTEN": values["BKM_LISTEN"]})
    _note_role(run, role, arguments, values)
    os.environ.update(environ)
    BECOME[role](arguments, values, added)


def checked(
    environ: Mapping[str, str], role: str, *, also: Sequence[str] = ()
) -> Configuration:
    """Return the configuration; Stop 78 with every error there is, `also` among them."""
    configuration = load(environ, role=role)
    for warning in configuration.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    errors = [*configuration.errors, *also]
    if errors:
        # What is wrong with the servers is told in the same list, to be mended at once.
        errors += dependencies.silent_servers(configuration.values)
        raise Stop(BAD_CONFIGURATION, *errors)
    return configuration


def _wait(role: str, values: Mapping[str, Any], *, own_redis: bool = False) -> None:
    timeout_s = values["BKM_WAIT_TIMEOUT"]
    dependencies.wait_for_database(database.url_of(values), timeout_s=timeout_s)
    if role != "migrate" and not own_redis:
        dependencies.wait_for_redis(values["BKM_REDIS_URL"], timeout_s=timeout_s)


def _how(role: str, values: Mapping[str, Any]) -> str:
    """Return what to do about the schema: workers and beats leave it to others."""
    how: str = values["BKM_MIGRATE"]
    return "wait" if how == "auto" and role in ("worker", "beat") else how


def _unknown_queues(role: str, arguments: Sequence[str]) -> list[str]:
    """Return what is wrong with the queues that a worker was asked to work."""
    if role != "worker" or not arguments:
        return []
    unknown = [name for name in arguments[0].split(",") if name not in QUEUES]
    known = ", ".join(QUEUES)
    return [f"no queue is called {name}; there are {known}" for name in unknown]


def _clear(run: Path) -> None:
    """Empty the folders of ticks and metrics: they were a former start's."""
    for folder in (run / "prom", run / "ticks"):
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            path.unlink()


def _note_role(
    run: Path, role: str, arguments: Sequence[str], values: Mapping[str, Any]
) -> None:
    """Tell bin/healthcheck what runs here and how to reach it, without secrets."""
    programs = PROGRAMS[role]
    if role == "worker" and arguments:
        programs = ["celery_worker"]
    listen = values["BKM_LISTEN"].rpartition(":")[2]
    (run / "role").write_text(f"{role}\n{' '.join(programs)}\n{listen}\n")


def _become_web(arguments: Sequence[str], values: Any, added: Any) -> NoReturn:
    _exec("gunicorn", "-c", "gunicorn_config.py", "bkmonitor.config.wsgi:application")


def _become_worker(arguments: Sequence[str], values: Any, added: Any) -> NoReturn:
    if not arguments:
        _supervise("worker", values)
    queues = arguments[0].split(",")
    size = max(concurrency(values)[queue] for queue in queues)
    os.environ["REMAP_SIGTERM"] = "SIGQUIT"
    node = f"celery_worker@{socket.gethostname()}"
    _exec(
        *("celery", "--quiet", "-A", "bkmonitor.config.celery", "worker", "-n", node),
        *("-Q", ",".join(queues), "-c", str(size)),
        *os.environ.get("CELERY_WORKER_FLAGS", "").split(),
    )


def _become_beat(arguments: Sequence[str], values: Any, added: Any) -> NoReturn:
    _supervise("beat", values)


def _become_standalone(arguments: Sequence[str], values: Any, added: Any) -> NoReturn:
    without = []
    if "BKM_REDIS_URL" in added:
        (Path(values["BKM_DATA"]) / "redis").mkdir(exist_ok=True)
    else:
        without.append("redis")
    if "BKM_VM_WRITE_URL" not in added:
        without.append("victoria_metrics")
    _supervise("standalone", values, without=without)


def _supervise(role: str, values: Any, *, without: Sequence[str] = ()) -> NoReturn:
    Path(supervisor.log_dir(values, role)).mkdir(parents=True, exist_ok=True)
    form = values["BKM_LOG_FORMAT"]
    text = supervisor.render(
        supervisor.TEMPLATE.read_text(),
        supervisor.filling(values, role),
        groups=supervisor.GROUPS[role],
        without=without,
    )
    path = Path(values["BKM_RUN"]) / "supervisor.conf"
    supervisor.write(path, text)
    sys.exit(supervise(path, form))


def _exec(program: str, *arguments: str) -> NoReturn:
    os.chdir(HOME)
    os.execvp(program, [program, *arguments])


BECOME: dict[str, Callable[[Sequence[str], Any, Any], NoReturn]] = {
    "web": _become_web,
    "worker": _become_worker,
    "beat": _become_beat,
    "standalone": _become_standalone,
}

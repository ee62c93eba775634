"""Every variable of the service: name, type, default, meaning.

Standard library only, so that a wrong configuration is told before Django is
imported. Nothing else reads the environment.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})
ROLES = ("web", "worker", "beat", "standalone", "migrate", "manage")


def text(raw: str) -> str:
    """Take the value as it is."""
    return raw


def token(raw: str) -> str:
    """Take letters, digits and . _ ~ = - only: it becomes part of addresses."""
    if not re.fullmatch(r"[A-Za-z0-9._~=-]*", raw):
        raise ValueError("may have letters, digits and . _ ~ = - only")
    return raw


def boolean(raw: str) -> bool:
    """Take true/false, 1/0, yes/no, on/off; anything else is an error."""
    if raw.lower() in TRUE | FALSE:
        return raw.lower() in TRUE
    raise ValueError("must be true or false")


def positive(raw: str) -> int:
    """Take a whole number from 1."""
    if not raw.isdecimal() or int(raw) < 1:
        raise ValueError("must be a whole number from 1")
    return int(raw)


def count(raw: str) -> int:
    """Take a whole number from 1, or auto, which is 0."""
    return 0 if raw == "auto" else positive(raw)


def seconds(raw: str) -> float:
    """Take a number of seconds, 0 or more."""
    if not re.fullmatch(r"\d+(\.\d+)?", raw):
        raise ValueError("must be a number of seconds, 0 or more")
    return float(raw)


def words(raw: str) -> tuple[str, ...]:
    """Take a list separated by commas."""
    return tuple(part.strip() for part in raw.split(",") if part.strip())


def url(*schemes: str) -> Callable[[str], str]:
    """Make a parser that takes a URL with one of these schemes."""

    def parse(raw: str) -> str:
        if raw and raw.split("://", 1)[0] not in schemes:
            raise ValueError(
                f"must begin with {' or '.join(s + '://' for s in schemes)}"
            )
        return raw

    parse.__name__ = "url"
    return parse


def choice(*values: str) -> Callable[[str], str]:
    """Make a parser that takes one of these words."""

    def parse(raw: str) -> str:
        if raw not in values:
            raise ValueError(f"must be one of {', '.join(values)}")
        return raw

    parse.__name__ = "choice"
    return parse


def listen(raw: str) -> str:
    """Take ADDRESS:PORT."""
    if not re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}", raw):
        raise ValueError("must be ADDRESS:PORT, for example 0.0.0.0:8000")
    return raw


def retention(raw: str) -> str:
    """Take a length of time as VictoriaMetrics writes it."""
    if not re.fullmatch(r"[1-9]\d*[hdwy]", raw):
        raise ValueError("must be a number with h, d, w or y, for example 90d")
    return raw


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. `required_in` names the roles that cannot start without it."""

    name: str
    parse: Callable[[str], Any]
    default: str
    meaning: str
    secret: bool = False
    required_in: tuple[str, ...] = ()


SERVED = ("web", "worker", "beat", "migrate")

VARIABLES = (
    Variable("BKM_SECRET_KEY", text, "", "Signs sessions and seals secrets; at least 32 characters. The standalone role makes one in BKM_DATA/secret_key.", secret=True, required_in=SERVED),
    Variable("BKM_SECRET_KEY_FALLBACKS", words, "", "Former secret keys, newest first, while they are being replaced.", secret=True),
    Variable("BKM_PUBLIC_URL", url("http", "https"), "", "The address people use. Allowed hosts, cookie flags and links in messages follow from it; it may also be set in the wizard.", required_in=()),
    Variable("BKM_LISTEN", listen, "0.0.0.0:8000", "Address and port of the web role."),
    Variable("BKM_METRICS_LISTEN", listen, "0.0.0.0:9400", "Address and port at which a worker or beat container shows its own metrics."),
    Variable("BKM_TRUSTED_PROXIES", words, "127.0.0.1,::1", "Proxies whose X-Forwarded headers are believed."),
    Variable("BKM_DATA", text, "/data", "The folder of everything that must survive: SQLite, keys, VictoriaMetrics, Redis, logs."),
    Variable("BKM_RUN", text, "/run/bkm", "The folder of sockets, ticks and metrics of running processes; may be emptied at any stop."),
    Variable("BKM_LOG_DIR", text, "", "The folder of the programs' log files; when empty BKM_DATA/log, and BKM_RUN/log in a worker or beat container."),
    Variable("BKM_LOG_LEVEL", choice("DEBUG", "INFO", "WARNING", "ERROR"), "INFO", "The least severe line that is logged."),
    Variable("BKM_LOG_FORMAT", choice("json", "text"), "json", "One JSON object a line, or plain text."),
    Variable("BKM_DATABASE_URL", url("postgresql", "postgres", "sqlite"), "", "The database; SQLite in BKM_DATA when empty.", secret=True, required_in=SERVED),
    Variable("BKM_MIGRATE_DATABASE_URL", url("postgresql", "postgres", "sqlite"), "", "The database for migrations when the other goes through a pooler.", secret=True),
    Variable("BKM_DATABASE_CONN_MAX_AGE", seconds, "60", "Seconds for which a database connection is kept."),
    Variable("BKM_REDIS_URL", url("redis", "rediss", "redis+socket", "unix"), "", "The broker, which must not evict.", secret=True, required_in=("web", "worker", "beat")),
    Variable("BKM_VM_WRITE_URL", url("http", "https"), "", "VictoriaMetrics for writes; metrics are off when it is empty.", secret=True),
    Variable("BKM_VM_QUERY_URL", url("http", "https"), "", "VictoriaMetrics for queries; the address for writes when empty.", secret=True),
    Variable("BKM_VM_RETENTION", retention, "90d", "How long the standalone role's VictoriaMetrics keeps samples: a number with h, d, w or y."),
    Variable("BKM_SCRAPE_TOKEN", token, "", "The token with which VictoriaMetrics reads the scrape configuration and Prometheus reads /metrics; derived from the secret key when empty.", secret=True),
    Variable("BKM_SMTP_URL", url("smtp", "smtps", "smtp+starttls"), "", "The mail server, smtp[s|+starttls]://user:password@host:port; may also be set in the wizard.", secret=True),
    Variable("BKM_MAIL_FROM", text, "", "The sender of mail; may also be set in the wizard."),
    Variable("BKM_ALLOW_PRIVATE_TARGETS", boolean, "true", "Whether probes, scrapes and webhooks may reach private and loopback addresses."),
    Variable("BKM_MIGRATE", choice("auto", "wait", "skip"), "auto", "At start: migrate under a lock, wait until somebody has, or do not look."),
    Variable("BKM_WAIT_TIMEOUT", seconds, "60", "Seconds to wait at start for the database and Redis."),
    Variable("BKM_SCHEMA_TIMEOUT", seconds, "300", "Seconds to wait at start for the schema."),
    Variable("BKM_STOP_GRACE", seconds, "8", "Seconds from the signal to stop until the last process is gone; shorter than the orchestrator's own."),
    Variable("BKM_WEB_WORKERS", count, "auto", "Processes of the web role; auto is 2 to 4 by processors, and 1 in the standalone role."),
    Variable("BKM_WEB_THREADS", positive, "4", "Threads of each web process."),
    Variable("BKM_WORKER_CONCURRENCY", count, "auto", "Processes of each worker program; auto goes by processors and memory of the container."),
    Variable("BKM_WORKER_MAX_TASKS", positive, "1000", "Tasks after which a worker process is replaced."),
    Variable("BKM_VISIBILITY_TIMEOUT", positive, "600", "Seconds after which work of a killed worker is handed out again; the same in every role."),
    Variable("BKM_DEBUG", boolean, "false", "Django's debug pages; never where others can reach it."),
)  # fmt: skip
BY_NAME = {variable.name: variable for variable in VARIABLES}


@dataclass(frozen=True, slots=True)
class Configuration:
    """The parsed values by name, and every error and warning there is to tell."""

    values: Mapping[str, Any]
    errors: tuple[str, ...]
    warnings: tuple[str, ...]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


def load(environ: Mapping[str, str], *, role: str = "manage") -> Configuration:
    """Read all variables at once for a role; report everything that is wrong.

    A value may come from `NAME_FILE`, whose trailing newline is dropped. Errors
    name the variable and never the value of a secret.
    """
    errors: list[str] = []
    warnings = _unknown(environ, errors)
    values: dict[str, Any] = {}
    for variable in VARIABLES:
        told = len(errors)
        raw = _raw(variable, environ, errors)
        if role in variable.required_in and not raw and len(errors) == told:
            errors.append(f"{variable.name} is missing; the role {role} needs it")
        values[variable.name] = _parsed(variable, raw, errors)
    _check_secret_key(values["BKM_SECRET_KEY"], errors)
    return Configuration(values, tuple(errors), tuple(warnings))


def _raw(variable: Variable, environ: Mapping[str, str], errors: list[str]) -> str:
    name, path = variable.name, environ.get(f"{variable.name}_FILE")
    if path is None:
        raw = environ.get(name, variable.default)
    elif name in environ:
        errors.append(f"{name} and {name}_FILE are both set; keep one")
        return variable.default
    else:
        try:
            raw = Path(path).read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            errors.append(f"{name}_FILE cannot be read: {path}: {error}")
            return variable.default
    if len(raw) > 1 and raw[0] == raw[-1] and raw[0] in "\"'":
        errors.append(f"{name} is wrapped in quotes; give the value without them")
        return variable.default
    return raw


def _parsed(variable: Variable, raw: str, errors: list[str]) -> Any:
    try:
        return variable.parse(raw)
    except ValueError as error:
        shown = "the value" if variable.secret else repr(raw)
        errors.append(f"{variable.name}: {shown} {error}")
        return variable.parse(variable.default)


def _unknown(environ: Mapping[str, str], errors: list[str]) -> list[str]:
    warnings = []
    for name in sorted(environ):
        known = name in BY_NAME or name.removesuffix("_FILE") in BY_NAME
        if not name.startswith("BKM_") or known:
            continue
        if environ[name].startswith("tcp://") or name.endswith(
            ("_SERVICE_HOST", "_SERVICE_PORT")
        ):
            warnings.append(
                f"{name} was injected by Kubernetes service links; it is ignored"
            )
            continue
        near = difflib.get_close_matches(
            name.removesuffix("_FILE"), BY_NAME, n=1, cutoff=0.75
        )
        hint = f"; did you mean {near[0]}?" if near else ""
        errors.append(f"{name} is not a variable of this service{hint}")
    return warnings


def _check_secret_key(key: str, errors: list[str]) -> None:
    if key and len(key) < 32:
        errors.append(f"BKM_SECRET_KEY has {len(key)} characters; 32 is the least")

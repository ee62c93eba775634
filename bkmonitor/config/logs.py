"""One line a record, the same in every program: JSON or text."""

import json
import logging
import time
from typing import Any

# What every record has; the rest of its attributes are the event's own fields.
ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
}


class JsonFormatter(logging.Formatter):
    """Write a record as one JSON object: ts, level, logger, event, then its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback is a field of it."""
        line = {
            "ts": _iso(record.created),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """Write a record for a person: time, level, event, key=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback below it."""
        fields = "".join(f" {key}={value}" for key, value in _fields(record).items())
        line = f"{_iso(record.created)} {record.levelname:<7} {record.name} {record.getMessage()}{fields}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def configuration(level: str, form: str) -> dict[str, Any]:
    """Return the dictionary for `logging.config`: everything to standard output."""
    formatter = "JsonFormatter" if form == "json" else "TextFormatter"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"bkmonitor.config.logs.{formatter}"}},
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "line",
            }
        },
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            # A line for each message received and each tick says nothing new.
            name: {"level": "WARNING"}
            for name in ("celery.worker.strategy", "celery.beat", "redbeat")
        }
        | {"django": {"handlers": [], "propagate": True}},
    }


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in ORDINARY}


def _iso(created: float) -> str:
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(created))
    return f"{seconds}.{int(created % 1 * 1000):03d}Z"

"""gunicorn's log in the service's own form."""

from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

QUIET = ("/healthz/", "/static/")
# Senders of samples come many times a second; what they are refused is told.
QUIET_WHEN_TAKEN = ("/prometheus/api/v1/write", "/prometheus/api/v1/import/")


class AccessLogger(Logger):  # type: ignore[misc]
    """Log each request without its query, which may hold a token; no health checks."""

    def access(
        self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta
    ) -> None:
        """Log one answered request."""
        taken = str(resp.status).startswith("204")
        if req.path.startswith(QUIET + QUIET_WHEN_TAKEN if taken else QUIET):
            return
        self.access_log.info(
            "http.request",
            extra={
                "method": req.method,
                "path": req.path,
                "status": str(resp.status).partition(" ")[0],
                "seconds": round(request_time.total_seconds(), 4),
                "bytes": getattr(resp, "sent", None),
                "remote": environ.get("REMOTE_ADDR", ""),
            },
        )

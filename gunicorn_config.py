"""How gunicorn serves the web role; every number has its reason in docs/operations.md."""

import os
from pathlib import Path

from bkmonitor.config.accesslog import AccessLogger
from bkmonitor.config.boot.sizes import web_workers
from bkmonitor.config.boot.stop import stop_times
from bkmonitor.config.logs import configuration
from bkmonitor.config.variables import load

_values = load(os.environ)

bind = [_values["BKM_LISTEN"]]
worker_class = "gthread"
workers = web_workers(_values.values)
threads = _values["BKM_WEB_THREADS"]
timeout = 60
graceful_timeout = max(1, int(stop_times(_values["BKM_STOP_GRACE"]).soft))
# Longer than the 60 s that proxies keep idle connections: they must close first.
keepalive = 75
max_requests = 5000
max_requests_jitter = 500
# On a disk a slow sync would look like a dead worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else _values["BKM_RUN"]
control_socket_disable = True
preload_app = False
forwarded_allow_ips = ",".join(_values["BKM_TRUSTED_PROXIES"])
limit_request_line = 8190
proc_name = "bkmonitor-web"
logger_class = AccessLogger
logconfig_dict = configuration(_values["BKM_LOG_LEVEL"], _values["BKM_LOG_FORMAT"])
logconfig_dict["loggers"] |= {
    name: {"handlers": [], "propagate": True}
    for name in ("gunicorn.error", "gunicorn.access")
}

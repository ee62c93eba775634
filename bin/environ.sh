# shellcheck shell=bash
# Written by bin/generate from bkmonitor/config/variables.py; do not edit.
# To be sourced. Gives every variable that is no secret its default; a value or
# a NAME_FILE that is given wins.
# shellcheck disable=SC2034
BKM_HOME_=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
for bkm_bin_ in "$BKM_HOME_/.venv/bin" /opt/venv/bin; do
    if [ -d "$bkm_bin_" ] && [[ ":$PATH:" != *":$bkm_bin_:"* ]]; then PATH="$bkm_bin_:$PATH"; fi
done
export PATH
unset BKM_HOME_ bkm_bin_
export DJANGO_SETTINGS_MODULE="${DJANGO_SETTINGS_MODULE:-bkmonitor.config.settings}"
[ -n "${BKM_LISTEN_FILE:-}" ] || export BKM_LISTEN="${BKM_LISTEN:-0.0.0.0:8000}"
[ -n "${BKM_METRICS_LISTEN_FILE:-}" ] || export BKM_METRICS_LISTEN="${BKM_METRICS_LISTEN:-0.0.0.0:9400}"
[ -n "${BKM_TRUSTED_PROXIES_FILE:-}" ] || export BKM_TRUSTED_PROXIES="${BKM_TRUSTED_PROXIES:-127.0.0.1,::1}"
[ -n "${BKM_DATA_FILE:-}" ] || export BKM_DATA="${BKM_DATA:-/data}"
[ -n "${BKM_RUN_FILE:-}" ] || export BKM_RUN="${BKM_RUN:-/run/bkm}"
[ -n "${BKM_LOG_LEVEL_FILE:-}" ] || export BKM_LOG_LEVEL="${BKM_LOG_LEVEL:-INFO}"
[ -n "${BKM_LOG_FORMAT_FILE:-}" ] || export BKM_LOG_FORMAT="${BKM_LOG_FORMAT:-json}"
[ -n "${BKM_DATABASE_CONN_MAX_AGE_FILE:-}" ] || export BKM_DATABASE_CONN_MAX_AGE="${BKM_DATABASE_CONN_MAX_AGE:-60}"
[ -n "${BKM_VM_RETENTION_FILE:-}" ] || export BKM_VM_RETENTION="${BKM_VM_RETENTION:-90d}"
[ -n "${BKM_ALLOW_PRIVATE_TARGETS_FILE:-}" ] || export BKM_ALLOW_PRIVATE_TARGETS="${BKM_ALLOW_PRIVATE_TARGETS:-true}"
[ -n "${BKM_MIGRATE_FILE:-}" ] || export BKM_MIGRATE="${BKM_MIGRATE:-auto}"
[ -n "${BKM_WAIT_TIMEOUT_FILE:-}" ] || export BKM_WAIT_TIMEOUT="${BKM_WAIT_TIMEOUT:-60}"
[ -n "${BKM_SCHEMA_TIMEOUT_FILE:-}" ] || export BKM_SCHEMA_TIMEOUT="${BKM_SCHEMA_TIMEOUT:-300}"
[ -n "${BKM_STOP_GRACE_FILE:-}" ] || export BKM_STOP_GRACE="${BKM_STOP_GRACE:-8}"
[ -n "${BKM_WEB_WORKERS_FILE:-}" ] || export BKM_WEB_WORKERS="${BKM_WEB_WORKERS:-auto}"
[ -n "${BKM_WEB_THREADS_FILE:-}" ] || export BKM_WEB_THREADS="${BKM_WEB_THREADS:-4}"
[ -n "${BKM_WORKER_CONCURRENCY_FILE:-}" ] || export BKM_WORKER_CONCURRENCY="${BKM_WORKER_CONCURRENCY:-auto}"
[ -n "${BKM_WORKER_MAX_TASKS_FILE:-}" ] || export BKM_WORKER_MAX_TASKS="${BKM_WORKER_MAX_TASKS:-1000}"
[ -n "${BKM_VISIBILITY_TIMEOUT_FILE:-}" ] || export BKM_VISIBILITY_TIMEOUT="${BKM_VISIBILITY_TIMEOUT:-600}"
[ -n "${BKM_DEBUG_FILE:-}" ] || export BKM_DEBUG="${BKM_DEBUG:-false}"
export PROMETHEUS_MULTIPROC_DIR="${PROMETHEUS_MULTIPROC_DIR:-$BKM_RUN/prom}"

# shellcheck shell=bash
# To be sourced by Celery's programs: bin/environ.sh, and how a worker runs and stops.
# shellcheck source=bin/environ.sh
source "$(dirname "${BASH_SOURCE[0]}")/environ.sh"
# TERM then means: take nothing new, let short tasks end, hand the others back.
export REMAP_SIGTERM=SIGQUIT
# Talk among workers fills Redis and tells nothing that ticks and metrics do not.
export CELERY_WORKER_FLAGS="--without-gossip --without-mingle --without-heartbeat -O fair"

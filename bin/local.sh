# shellcheck shell=bash
# To be sourced from the project's folder: where the service of `make run` lives.
export BKM_DATA="${BKM_DATA:-$PWD/data}"
export BKM_RUN="${BKM_RUN:-$PWD/.run}"
export BKM_LISTEN="${BKM_LISTEN:-127.0.0.1:8000}"
export BKM_LOG_FORMAT="${BKM_LOG_FORMAT:-text}"
export PATH="$PWD/.tools/bin:$PATH"

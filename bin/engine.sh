# shellcheck shell=bash
# To be sourced: ENGINE is the container engine, docker or podman; without one, fail.
if [ -z "${ENGINE:-}" ]; then
    for ENGINE in docker podman none; do
        if "$ENGINE" info >/dev/null 2>&1; then break; fi
    done
fi
if [ "$ENGINE" = none ]; then
    echo "no container engine answers: install podman or docker" >&2
    exit 1
fi
export ENGINE

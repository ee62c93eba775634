# shellcheck shell=bash
# To be sourced by scripts that install: what they say, and what they did already.

say() { printf -- '-- %s\n' "$*"; }

die() {
    printf -- '-- %s\n' "$*" >&2
    exit 1
}

# is_current NAME FILE...: whether mark was called for the same contents.
is_current() {
    local name=$1
    shift
    [ -f ".tools/stamps/$name" ] && [ "$(cat "$@" | sha256sum)" = "$(cat ".tools/stamps/$name")" ] &&
        [ ".tools/stamps/$name" -nt .venv/pyvenv.cfg ]
}

mark() {
    local name=$1
    shift
    mkdir -p .tools/stamps
    cat "$@" | sha256sum >".tools/stamps/$name"
}

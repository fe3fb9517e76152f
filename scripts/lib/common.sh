# shellcheck shell=bash
# shellcheck disable=SC2034  # used by the scripts that source this
# What every script here shares: where caches live, how to speak, how to stop.

# Everything costly to make is kept outside the clone, keyed by what it was made from.
cache_home="${XDG_CACHE_HOME:-$HOME/.cache}/clearml-glue"

# The root of the clone, whatever the working directory is.
repository="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

say() { printf '%s\n' "$*" >&2; }

die() {
    say "${0##*/}: $*"
    exit 1
}

require_root() { # require_root WHAT
    [ "$(id -u)" -eq 0 ] || die "$1 needs root: run it again with sudo"
}

# A port of the loopback interface that nobody listens on at this moment.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_until SECONDS COMMAND…: runs COMMAND ten times a second until it succeeds; fails after SECONDS.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# shellcheck shell=bash
# Long-running processes by name. A record holds the pid and the time the process started (field 22 of
# /proc/PID/stat), so a pid that the kernel has given to somebody else meanwhile is never signalled.
# The folder of the records is $process_records.

process_start_time() { # process_start_time PID
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    # The command, field 2, may hold spaces and parentheses: count from behind its last ")".
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    printf '%s\n' "${20}"
}

process_record() { # process_record NAME PID
    local started
    started=$(process_start_time "$2") || return 1
    mkdir -p "${process_records:?}"
    printf '%s %s\n' "$2" "$started" >"$process_records/$1"
}

# Prints the pid of a recorded process if that very process still runs (a zombie does not).
process_pid() { # process_pid NAME
    local pid started state
    [ -s "${process_records:?}/$1" ] || return 1
    read -r pid started <"$process_records/$1"
    [ "$(process_start_time "$pid")" = "$started" ] || return 1
    { read -r state <"/proc/$pid/stat"; } 2>/dev/null || return 1
    state=${state##*) }
    [ "${state%% *}" != Z ] || return 1
    printf '%s\n' "$pid"
}

process_names() { # process_names [PATTERN]: the recorded names that match the extended regular expression
    local record
    for record in "${process_records:?}"/*; do
        [ -e "$record" ] || continue
        [[ ${record##*/} =~ ${1:-.} ]] && printf '%s\n' "${record##*/}"
    done
    return 0
}

process_signal() { # process_signal SIGNAL NAME…
    local signal=$1 name pid
    shift
    for name in "$@"; do
        if pid=$(process_pid "$name"); then kill "-$signal" "$pid" 2>/dev/null || true; fi
    done
}

process_gone() { # process_gone NAME…: true when none of them runs
    local name
    for name in "$@"; do process_pid "$name" >/dev/null && return 1; done
    return 0
}

# TERM to all, KILL to whoever is left after $process_grace seconds (5), and the records go.
process_stop() { # process_stop NAME…
    local name
    [ $# -gt 0 ] || return 0
    process_signal TERM "$@"
    if ! wait_until "${process_grace:-5}" process_gone "$@"; then
        process_signal KILL "$@"
        wait_until 5 process_gone "$@" || say "still running after KILL: $*"
    fi
    for name in "$@"; do rm -f "$process_records/$name"; done
}

process_kill() { # process_kill NAME…: KILL at once
    [ $# -gt 0 ] || return 0
    local name
    process_signal KILL "$@"
    wait_until 5 process_gone "$@" || say "still running after KILL: $*"
    for name in "$@"; do rm -f "$process_records/$name"; done
}

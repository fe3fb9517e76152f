# shellcheck shell=bash
# Takes away whatever a cluster of this name has on the machine, running or left behind by a crash or a reboot:
# processes, containers, mounts, network namespaces, cgroups, kernel settings.

# The cgroups that this cluster's kubelets made, in every hierarchy.
cluster_cgroups() {
    local hierarchy
    for hierarchy in /sys/fs/cgroup/ /sys/fs/cgroup/*/; do
        compgen -G "${hierarchy}glue-$CLUSTER.n[0-9]*" || true
    done
}

kill_containers() { # KILL whoever lives in our cgroups; several rounds, since killing makes orphans and shims run hooks
    local cgroup pids round
    for round in 1 2 3 4 5; do
        pids=$(for cgroup in $(cluster_cgroups); do
            find "$cgroup" -name cgroup.procs -exec cat {} + 2>/dev/null || true
        done | sort -u)
        [ -n "$pids" ] || return 0
        # shellcheck disable=SC2086
        kill -KILL $pids 2>/dev/null || true
        sleep 0.2
    done
    say "containers of $CLUSTER survive KILL after $round rounds: $pids"
}

# The shims outlive containerd. Each is told by the socket in its arguments, which lies in our folder.
kill_shims() { # kill_shims FOLDER
    local folder=$1 process arguments socket
    for process in /proc/[0-9]*; do
        { arguments=$(tr '\0' ' ' <"$process/cmdline"); } 2>/dev/null || continue
        [[ $arguments == *containerd-shim* && $arguments == *" -address $folder/"* ]] || continue
        kill -KILL "${process##*/}" 2>/dev/null || true
    done
    # Their own sockets lie in a folder that all containerds share; each bundle names its one.
    while read -r socket; do rm -f "${socket#unix://}"; done < <(
        find "$folder" -path '*/io.containerd.runtime.v2.task/*/address' -exec sh -c 'cat "$1"; echo' _ {} \; 2>/dev/null
    )
}

unmount_all() {
    local mount
    while read -r mount; do umount -l "$mount" 2>/dev/null || true; done < <(
        awk -v folder="$run/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r
    )
}

remove_namespaces() {
    local namespace
    for namespace in "/run/netns/$network_namespace" "/run/netns/$network_namespace".n[0-9]*; do
        [ -e "$namespace" ] || continue
        ip netns del "${namespace##*/}" 2>/dev/null || { umount -l "$namespace" 2>/dev/null || true; rm -f "$namespace"; }
    done
}

remove_cgroups() {
    local cgroup
    for cgroup in $(cluster_cgroups); do
        find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
    for cgroup in $(cluster_cgroups); do [ ! -d "$cgroup" ] || say "left behind: $cgroup"; done
}

clear_cluster() {
    local names
    mapfile -t names < <(process_names '^(kubelet|kube-proxy)')
    process_stop "${names[@]}"
    kill_containers
    # The API server waits a minute for its watches when asked politely, and etcd's data are about to go anyway.
    mapfile -t names < <(process_names '^(kube-|etcd|expose|forward)')
    process_kill "${names[@]}"
    mapfile -t names < <(process_names)
    process_stop "${names[@]}"
    kill_shims "$run"
    kill_containers
    unmount_all
    remove_namespaces
    remove_cgroups
    if [ -s "$run/sysctl.saved" ]; then sysctl -q -p "$run/sysctl.saved" 2>/dev/null || true; fi
}

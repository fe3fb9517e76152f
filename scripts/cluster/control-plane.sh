# shellcheck shell=bash
# The network namespace everything listens in, etcd, the API server and the controllers.

make_namespace() {
    [ -e "/run/netns/$network_namespace" ] && return 0
    local ip=(ip -n "$network_namespace")
    ip netns add "$network_namespace"
    "${ip[@]}" link set lo up
    "${ip[@]}" link add k8s0 type bridge
    "${ip[@]}" addr add "$node_address/24" dev k8s0
    "${ip[@]}" link set k8s0 up
    # A pair of its own gives the bridge a carrier also without further nodes.
    "${ip[@]}" link add kv0 type veth peer name kv1
    "${ip[@]}" link set kv0 master k8s0 up
    "${ip[@]}" link set kv1 up
    # Leads nowhere: nothing on this bridge reaches the machine's own network. Programs want a default route though.
    "${ip[@]}" route add default via 10.90.0.254 dev k8s0
    in_namespace "$network_namespace" sysctl -qw net.ipv4.ip_forward=1
}

start_etcd() {
    local peer=http://127.0.0.1:2380 client=http://127.0.0.1:2379
    start etcd "$network_namespace" /usr/bin/etcd --name e --data-dir "$run/etcd" \
        --listen-client-urls $client --advertise-client-urls $client \
        --listen-peer-urls $peer --initial-advertise-peer-urls $peer --initial-cluster e=$peer --unsafe-no-fsync
}

# The host reaches into the namespace, and pods out of it, through pairs of socat over a Unix socket: bytes pass as
# they are, so TLS stays end to end.
expose_api() {
    process_pid expose-in >/dev/null || rm -f "$run/api.sock"
    start expose-in "$network_namespace" socat "UNIX-LISTEN:$run/api.sock,fork" TCP:127.0.0.1:6443
    start expose-out host socat "TCP-LISTEN:$API_PORT,bind=127.0.0.1,fork,reuseaddr" "UNIX-CONNECT:$run/api.sock"
}

forward_to_host() { # forward_to_host NAME PORT HOSTPORT: pods reach 127.0.0.1:HOSTPORT as $node_address:PORT
    process_pid "forward-$1-out" >/dev/null || rm -f "$run/forward-$1.sock"
    start "forward-$1-out" host socat "UNIX-LISTEN:$run/forward-$1.sock,fork" "TCP:127.0.0.1:$3"
    start "forward-$1-in" "$network_namespace" \
        socat "TCP-LISTEN:$2,fork,reuseaddr" "UNIX-CONNECT:$run/forward-$1.sock"
}

api_ready() {
    still_running kube-apiserver
    curl -sf --max-time 2 --cacert "$pki/ca.crt" --cert "$pki/admin.crt" --key "$pki/admin.key" \
        "https://127.0.0.1:$API_PORT/readyz"
}

start_api() {
    start kube-apiserver "$network_namespace" "$kubernetes_bin/kube-apiserver" \
        --etcd-servers=http://127.0.0.1:2379 --bind-address=0.0.0.0 --secure-port=6443 --insecure-port=0 \
        --advertise-address="$node_address" --service-cluster-ip-range=10.96.0.0/24 \
        --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
        --client-ca-file="$pki/ca.crt" --token-auth-file="$pki/tokens.csv" --anonymous-auth=true \
        --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
        --service-account-issuer=https://kubernetes.default.svc --api-audiences=https://kubernetes.default.svc \
        --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key" \
        --kubelet-client-certificate="$pki/apiserver-kubelet.crt" --kubelet-client-key="$pki/apiserver-kubelet.key" \
        --kubelet-certificate-authority="$pki/ca.crt" --kubelet-preferred-address-types=InternalIP --kubelet-https=true \
        --requestheader-client-ca-file="$pki/ca.crt" --requestheader-allowed-names=front-proxy-client \
        --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
        --requestheader-extra-headers-prefix=X-Remote-Extra- \
        --proxy-client-cert-file="$pki/front-proxy.crt" --proxy-client-key-file="$pki/front-proxy.key" \
        --feature-gates=BoundServiceAccountTokenVolume=true,TTLAfterFinished=true --event-ttl=1h --profiling=false
    expose_api
    wait_until 60 api_ready || { still_running kube-apiserver; die "kube-apiserver is not ready after 60 s; see $logs"; }
}

start_controllers() {
    start kube-controller-manager "$network_namespace" "$kubernetes_bin/kube-controller-manager" \
        --kubeconfig="$run/kcm.kubeconfig" --authentication-kubeconfig="$run/kcm.kubeconfig" \
        --authorization-kubeconfig="$run/kcm.kubeconfig" --bind-address=127.0.0.1 --port=0 \
        --service-account-private-key-file="$pki/sa.key" --root-ca-file="$pki/ca.crt" \
        --use-service-account-credentials=true --leader-elect=false --allocate-node-cidrs=false \
        --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" \
        --node-monitor-grace-period=20s --node-monitor-period=2s \
        --feature-gates=BoundServiceAccountTokenVolume=true,TTLAfterFinished=true
}

start_scheduler() {
    start kube-scheduler "$network_namespace" "$kubernetes_bin/kube-scheduler" \
        --kubeconfig="$run/sched.kubeconfig" --authentication-kubeconfig="$run/sched.kubeconfig" \
        --authorization-kubeconfig="$run/sched.kubeconfig" --bind-address=127.0.0.1 --port=0 --leader-elect=false
}

# shellcheck shell=bash
# The cluster's own authority, the certificates under it, tokens, and the kubeconfigs that use them.

new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

certificate() { # certificate NAME SUBJECT [SUBJECT-ALTERNATIVE-NAMES]
    [ -s "$pki/$1.crt" ] && return 0
    local extensions="$pki/$1.extensions"
    printf 'keyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n' >"$extensions"
    if [ -n "${3:-}" ]; then printf 'subjectAltName=%s\n' "$3" >>"$extensions"; fi
    openssl req -new "${new_key[@]}" -keyout "$pki/$1.key" -out "$pki/$1.csr" -subj "$2" 2>/dev/null
    openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial -days 365 \
        -out "$pki/$1.crt" -extfile "$extensions" 2>/dev/null
}

kubeconfig() { # kubeconfig NAME SERVER → $run/NAME.kubeconfig, authenticated by the certificate of that name
    cat >"$run/$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: $CLUSTER, cluster: {server: "$2", certificate-authority: $pki/ca.crt}}]
users: [{name: user, user: {client-certificate: $pki/${3:-$1}.crt, client-key: $pki/${3:-$1}.key}}]
contexts: [{name: $CLUSTER, context: {cluster: $CLUSTER, user: user}}]
current-context: $CLUSTER
YAML
}

make_certificates() {
    (umask 077 && mkdir -p "$pki")
    if [ ! -s "$pki/ca.crt" ]; then
        openssl req -x509 "${new_key[@]}" -keyout "$pki/ca.key" -out "$pki/ca.crt" -days 3650 -subj "/CN=$CLUSTER-ca" \
            -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
        openssl genrsa -out "$pki/sa.key" 2048 2>/dev/null
        openssl rsa -in "$pki/sa.key" -pubout -out "$pki/sa.pub" 2>/dev/null
    fi
    local service=kubernetes.default.svc
    certificate apiserver /CN=kube-apiserver \
        "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:$service,DNS:$service.cluster.local,IP:127.0.0.1,IP:$service_address,IP:$node_address"
    certificate admin /O=system:masters/CN=admin
    certificate kcm /CN=system:kube-controller-manager
    certificate sched /CN=system:kube-scheduler
    certificate proxy /CN=system:kube-proxy
    certificate apiserver-kubelet /O=system:masters/CN=apiserver-kubelet
    certificate front-proxy /CN=front-proxy-client
    # Bearer tokens: one that may do everything, one that may do nothing until a role is bound to its group.
    if [ ! -s "$pki/tokens.csv" ]; then
        printf 'admin-%s,token-admin,u1,"system:masters"\nviewer-%s,token-viewer,u2,"viewers"\n' \
            "$(openssl rand -hex 16)" "$(openssl rand -hex 16)" >"$pki/tokens.csv"
    fi
}

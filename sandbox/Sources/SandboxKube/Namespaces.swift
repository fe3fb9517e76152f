import JSON

extension ClusterState {
    /// What a fresh cluster has.
    mutating func bootstrap() throws(KubeRefusal) {
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            _ = try create(.namespaces, namespace: "", ["metadata": ["name": .string(name)]])
        }
        let name = configuration.nodeName
        var capacity = JSONObject()
        for (resource, amount) in configuration.nodeCapacity.sorted(by: { $0.key < $1.key }) {
            capacity[resource] = .string(amount)
        }
        let ready: JSONValue = [
            "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status",
            "lastHeartbeatTime": stamp, "lastTransitionTime": stamp,
        ]
        _ = try create(
            .nodes, namespace: "",
            [
                "metadata": [
                    "name": .string(name),
                    "labels": [
                        "kubernetes.io/hostname": .string(name), "kubernetes.io/os": "linux",
                        "kubernetes.io/arch": "amd64",
                    ],
                ],
                "spec": [:],
                "status": [
                    "capacity": .object(capacity), "allocatable": .object(capacity), "conditions": [ready],
                    "addresses": [
                        ["type": "InternalIP", "address": "127.0.0.1"], ["type": "Hostname", "address": .string(name)],
                    ],
                    "nodeInfo": [
                        "kubeletVersion": .string(configuration.version), "operatingSystem": "linux",
                        "architecture": "amd64", "containerRuntimeVersion": "sandbox://1", "osImage": "sandbox",
                        "kernelVersion": "sandbox", "machineID": "sandbox", "systemUUID": "sandbox",
                        "bootID": "sandbox", "kubeProxyVersion": "",
                    ],
                ],
            ])
    }

    /// Marks a namespace as terminating and everything in it as deleting; it goes when it is empty.
    mutating func deleteNamespace(_ old: JSONValue) -> JSONValue {
        var new = old
        let key = ObjectKey(kind: .namespaces, namespace: "", name: old.name)
        if !old.isDeleting {
            new.set(stamp, "metadata", "deletionTimestamp")
            new.set("Terminating", "status", "phase")
            new = put(new, at: key)
        }
        for content in store.keys(in: old.name) where store[content]?.isDeleting == false {
            discard(content)
        }
        finishNamespace(old.name)
        return store[key] ?? new
    }

    /// Lets a terminating namespace go once nothing is in it.
    mutating func finishNamespace(_ name: String) {
        let key = ObjectKey(kind: .namespaces, namespace: "", name: name)
        guard var home = store[key], home.isDeleting, store.isEmpty(namespace: name) else { return }
        if !home.list("spec", "finalizers").isEmpty {
            home.set(nil, "spec", "finalizers")
            if !home.finalizers.isEmpty { put(home, at: key) }
        }
        if home.finalizers.isEmpty { remove(key) }
    }
}

import JSON

/// How a write is to be done.
struct WriteOptions: Sendable {
    var isDryRun = false
}

extension ClusterState {
    /// Stores a new object, with everything a server adds to it.
    mutating func create(
        _ kind: KubeKind, namespace: String, _ given: JSONValue, options: WriteOptions = WriteOptions()
    ) throws(KubeRefusal) -> JSONValue {
        var object = given
        object["apiVersion"] = .string(kind.apiVersion)
        object["kind"] = .string(kind.kind)
        try checkNamespace(kind, namespace: namespace, object: object)
        if !object.resourceVersion.isEmpty, object.resourceVersion != "0" {
            throw KubeRefusal(
                code: 500, reason: "", message: "resourceVersion should not be set on objects to be created")
        }
        if let prefix = object.string("metadata", "generateName"), !prefix.isEmpty, object.name.isEmpty {
            object.set(.string(try freeName(kind, namespace: namespace, prefix: prefix)), "metadata", "name")
        }
        prepareMetadata(&object, kind, namespace: namespace)
        Defaults.apply(kind, to: &object)
        let causes = Validation.causes(kind, object)
        if !causes.isEmpty { throw .invalid(kind, object.name, causes) }
        try admit("create", kind, object)
        let key = ObjectKey(kind: kind, namespace: namespace, name: object.name)
        if store[key] != nil { throw .alreadyExists(kind, key.name) }
        if options.isDryRun { return object }
        let made = put(object, at: key)
        if kind == .namespaces { furnish(namespace: made.name) }
        return made
    }

    private func checkNamespace(_ kind: KubeKind, namespace: String, object: JSONValue) throws(KubeRefusal) {
        guard kind.isNamespaced else { return }
        if !object.namespace.isEmpty, object.namespace != namespace {
            throw .badRequest("the namespace of the provided object does not match the namespace sent on the request")
        }
        let home = try existing(ObjectKey(kind: .namespaces, namespace: "", name: namespace))
        guard home.isDeleting else { return }
        throw .forbidden(
            kind, object.name,
            "unable to create new content in namespace \(namespace) because it is being terminated",
            causes: [
                [
                    "reason": "NamespaceTerminating",
                    "message": .string("namespace \(namespace) is being terminated"), "field": "metadata.namespace",
                ]
            ])
    }

    private func freeName(_ kind: KubeKind, namespace: String, prefix: String) throws(KubeRefusal) -> String {
        let stem = String(prefix.prefix(58))
        for _ in 0..<8 {
            let name = stem + configuration.makeSuffix()
            if store[ObjectKey(kind: kind, namespace: namespace, name: name)] == nil { return name }
        }
        throw .alreadyExists(kind, prefix)
    }

    private func prepareMetadata(_ object: inout JSONValue, _ kind: KubeKind, namespace: String) {
        if object["metadata"]?.object == nil { object["metadata"] = [:] }
        object.set(kind.isNamespaced ? .string(namespace) : .none, "metadata", "namespace")
        object.set(.string(configuration.makeID()), "metadata", "uid")
        object.set(stamp, "metadata", "creationTimestamp")
        object.set(kind.hasGeneration ? .integer(1) : .none, "metadata", "generation")
        for name in ["resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields"]
        {
            object.set(nil, "metadata", name)
        }
        if kind == .jobs {
            object["status"] = .object([:])
        } else if kind.hasStatus, kind != .nodes {
            object.set(nil, "status")
        }
    }

    /// Asks the cluster's own admission, then the configured one.
    mutating func admit(_ operation: String, _ kind: KubeKind, _ object: JSONValue) throws(KubeRefusal) {
        if operation == "create" { try checkReferences(kind, object) }
        guard let admission = configuration.admission else { return }
        switch admission(KubeAdmission(operation: operation, kind: kind, object: object)) {
        case .allowed(let more): warnings += more
        case .refused(let refusal): throw refusal
        }
    }

    private func checkReferences(_ kind: KubeKind, _ object: JSONValue) throws(KubeRefusal) {
        if kind == .pods {
            let account = object.string("spec", "serviceAccountName") ?? "default"
            if store[ObjectKey(kind: .serviceAccounts, namespace: object.namespace, name: account)] == nil {
                throw .forbidden(
                    kind, object.name,
                    "error looking up service account \(object.namespace)/\(account): serviceaccount \"\(account)\" not found"
                )
            }
            if let priority = object.string("spec", "priorityClassName"), !priority.isEmpty,
                !["system-node-critical", "system-cluster-critical"].contains(priority),
                store[ObjectKey(kind: .priorityClasses, namespace: "", name: priority)] == nil
            {
                throw .forbidden(kind, object.name, "no PriorityClass with name \(priority) was found")
            }
        }
        try checkQuota(kind, object)
    }

    /// Counts against `count/jobs.batch`, `count/pods` and `pods` of every quota in the namespace.
    private func checkQuota(_ kind: KubeKind, _ object: JSONValue) throws(KubeRefusal) {
        guard kind.isNamespaced else { return }
        for quota in store.list(.resourceQuotas, namespace: object.namespace) {
            for (resource, limit) in quota.at("spec", "hard")?.object ?? [:] {
                guard resource == "count/\(kind.qualifiedPlural)" || kind == .pods && resource == "pods",
                    let limit = limit.int ?? limit.string.flatMap({ Int($0) })
                else { continue }
                let used = store.list(kind, namespace: object.namespace).count {
                    resource != "pods" || !$0.isTerminalPod
                }
                guard used + 1 > limit else { continue }
                throw .forbidden(
                    kind, object.name,
                    "exceeded quota: \(quota.name), requested: \(resource)=1, used: \(resource)=\(used), limited: \(resource)=\(limit)"
                )
            }
        }
    }

    /// Every namespace has a service account.
    private mutating func furnish(namespace: String) {
        let account: JSONValue = [
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": [
                "name": "default", "namespace": .string(namespace), "uid": .string(configuration.makeID()),
                "creationTimestamp": stamp,
            ],
        ]
        put(account, at: ObjectKey(kind: .serviceAccounts, namespace: namespace, name: "default"))
    }
}

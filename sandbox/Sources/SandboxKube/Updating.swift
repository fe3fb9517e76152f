import JSON

/// Which half of an object a write is about; it leaves the other alone.
enum ObjectPart: Sendable {
    case main
    case status
}

extension ClusterState {
    /// Changes an object. `transform` gets the stored one and returns what is wanted; a `resourceVersion` that it
    /// leaves or puts in is a precondition.
    mutating func update(
        _ key: ObjectKey, part: ObjectPart = .main, options: WriteOptions = WriteOptions(),
        _ transform: (JSONValue) throws(KubeRefusal) -> JSONValue
    ) throws(KubeRefusal) -> JSONValue {
        let kind = key.kind
        let old = try existing(key)
        var new = try transform(old)
        try checkIdentity(of: new, against: old, key)
        let marks = Validation.deletionMarks(old: old, new: new)
        if !marks.isEmpty { throw .invalid(kind, key.name, marks) }
        keepMetadata(of: old, in: &new, part)
        if kind.hasStatus {
            switch part {
            case .main: new["status"] = old["status"]
            case .status: new["spec"] = old["spec"]
            }
        }
        if part == .main { Defaults.apply(kind, to: &new, old: old) }
        if new == old { return old }
        let causes =
            Validation.changeCauses(kind, old: old, new: new, part)
            + (part == .main ? Validation.causes(kind, new) : [])
        if !causes.isEmpty { throw .invalid(kind, key.name, causes) }
        try admit("update", kind, new)
        if kind.hasGeneration, part == .main, counted(new, kind) != counted(old, kind) { bumpGeneration(&new) }
        if options.isDryRun { return new }
        if new.isDeleting, mayGo(new, kind) {
            // The DELETED event shows the object as it was stored, its last finalizer included, as etcd does.
            remove(key)
            return new
        }
        let stored = put(new, at: key)
        if kind == .namespaces { finishNamespace(stored.name) }
        return stored
    }

    /// Whether nothing holds a deleting object any more. A pod is also held by its grace period.
    func mayGo(_ object: JSONValue, _ kind: KubeKind) -> Bool {
        guard object.finalizers.isEmpty else { return false }
        switch kind {
        case .pods: return (object.int("metadata", "deletionGracePeriodSeconds") ?? 0) == 0
        case .namespaces: return object.list("spec", "finalizers").isEmpty
        default: return true
        }
    }

    /// What a generation counts: a pod's place is given by the scheduler, and is no change of what was asked for.
    private func counted(_ object: JSONValue, _ kind: KubeKind) -> JSONValue? {
        var spec = object["spec"]
        if kind == .pods { spec?["nodeName"] = nil }
        return spec
    }

    func bumpGeneration(_ object: inout JSONValue) {
        object.set(.integer(Int64((object.int("metadata", "generation") ?? 0) + 1)), "metadata", "generation")
    }

    private func checkIdentity(of new: JSONValue, against old: JSONValue, _ key: ObjectKey) throws(KubeRefusal) {
        let kind = key.kind
        if new.name != key.name {
            throw .badRequest(
                "the name of the object (\(new.name)) does not match the name on the URL (\(key.name))")
        }
        if kind.isNamespaced, !new.namespace.isEmpty, new.namespace != key.namespace {
            throw .badRequest(
                "the namespace of the object (\(new.namespace)) does not match the namespace on the URL (\(key.namespace))"
            )
        }
        if !new.uid.isEmpty, new.uid != old.uid {
            throw .conflict(
                kind, key.name,
                "Precondition failed: UID in precondition: \(new.uid), UID in object meta: \(old.uid)")
        }
        let version = new.resourceVersion
        if version.isEmpty, kind == .leases {
            throw .invalid(
                kind, key.name,
                [.invalid("metadata.resourceVersion", 0, "must be specified for an update")])
        }
        if !version.isEmpty, version != "0", version != old.resourceVersion {
            throw .conflict(
                kind, key.name,
                "the object has been modified; please apply your changes to the latest version and try again")
        }
    }

    /// What belongs to the server stays as it is.
    private func keepMetadata(of old: JSONValue, in new: inout JSONValue, _ part: ObjectPart) {
        new["apiVersion"] = old["apiVersion"]
        new["kind"] = old["kind"]
        for name in [
            "namespace", "uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds",
            "resourceVersion", "generateName",
        ] {
            new.set(old.at("metadata", name), "metadata", name)
        }
        new.set(nil, "metadata", "managedFields")
        new.set(nil, "metadata", "selfLink")
        if part == .status { new.set(old.at("metadata", "ownerReferences"), "metadata", "ownerReferences") }
        for name in ["finalizers", "ownerReferences", "labels", "annotations"] {
            // `[]`, `{}` and `null` all mean that there are none, so that a write without change stays one.
            switch new.at("metadata", name) {
            case .null: new.set(nil, "metadata", name)
            case .array(let list) where list.isEmpty: new.set(nil, "metadata", name)
            default: break
            }
        }
    }
}

import JSON
import OS

/// How a delete is to be done.
struct DeleteOptions: Sendable {
    enum Propagation: String, Sendable {
        case background = "Background"
        case foreground = "Foreground"
        case orphan = "Orphan"
    }

    var uid: String?
    var resourceVersion: String?
    var propagation: Propagation?
    var grace: Int?
    var isDryRun = false
}

private enum GarbageFinalizer {
    static let foreground = "foregroundDeletion"
    static let orphan = "orphan"
}

extension ClusterState {
    /// Deletes an object, or marks it as deleting while something holds it.
    ///
    /// - Returns: the object as it is now or was last, and whether it is gone.
    @discardableResult
    mutating func delete(
        _ key: ObjectKey, _ options: DeleteOptions = DeleteOptions()
    ) throws(KubeRefusal) -> (object: JSONValue, isGone: Bool) {
        let old = try existing(key)
        try check(options, against: old, key)
        if key.kind == .namespaces {
            if ["default", "kube-system", "kube-public"].contains(key.name) {
                throw .forbidden(key.kind, key.name, "this namespace may not be deleted")
            }
            return (options.isDryRun ? old : deleteNamespace(old), false)
        }
        var new = old
        setPropagation(options, on: &new, key.kind)
        let grace = graceSeconds(options, of: old, key.kind)
        let isFirst = !old.isDeleting
        let before = old.int("metadata", "deletionGracePeriodSeconds")
        if isFirst || grace < (before ?? 0) {
            new.set(.string((now + .seconds(grace)).iso(fraction: 0, zone: "Z")), "metadata", "deletionTimestamp")
            new.set(.integer(Int64(grace)), "metadata", "deletionGracePeriodSeconds")
            if isFirst, new.int("metadata", "generation") != nil { bumpGeneration(&new) }
        }
        if options.isDryRun { return (new, mayGo(new, key.kind)) }
        if mayGo(new, key.kind) {
            let last = remove(key) ?? old
            return (last, true)
        }
        if new != old { new = put(new, at: key) }
        advanceDeletion(of: key)
        return (store[key] ?? new, store[key] == nil)
    }

    /// Deletes on the cluster's own behalf. The one refusal there can be is that the object is gone, which is the aim.
    mutating func discard(_ key: ObjectKey, _ propagation: DeleteOptions.Propagation = .background) {
        _ = try? delete(key, DeleteOptions(propagation: propagation))
    }

    private func check(_ options: DeleteOptions, against old: JSONValue, _ key: ObjectKey) throws(KubeRefusal) {
        if let uid = options.uid, uid != old.uid {
            throw .conflict(
                key.kind, key.name,
                "the UID in the precondition (\(uid)) does not match the UID in record (\(old.uid)). The object might have been deleted and then recreated"
            )
        }
        if let version = options.resourceVersion, version != old.resourceVersion {
            throw .conflict(
                key.kind, key.name,
                "the ResourceVersion in the precondition (\(version)) does not match the ResourceVersion in record (\(old.resourceVersion)). The object might have been modified"
            )
        }
    }

    private mutating func setPropagation(_ options: DeleteOptions, on object: inout JSONValue, _ kind: KubeKind) {
        var finalizers = object.finalizers
        guard
            options.propagation != nil
                || !finalizers.contains(GarbageFinalizer.orphan)
                    && !finalizers.contains(GarbageFinalizer.foreground)
        else { return }
        var propagation = options.propagation ?? .background
        if options.propagation == nil, kind == .jobs {
            propagation = .orphan
            warnings.append(
                "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning"
            )
        }
        finalizers.removeAll { $0 == GarbageFinalizer.orphan || $0 == GarbageFinalizer.foreground }
        switch propagation {
        case .background: break
        case .foreground: finalizers.append(GarbageFinalizer.foreground)
        case .orphan: finalizers.append(GarbageFinalizer.orphan)
        }
        object.setFinalizers(finalizers)
    }

    /// A pod that runs gets time to end; nothing else does.
    private func graceSeconds(_ options: DeleteOptions, of object: JSONValue, _ kind: KubeKind) -> Int {
        guard kind == .pods else { return 0 }
        if object.isTerminalPod || (object.string("spec", "nodeName") ?? "").isEmpty { return 0 }
        let wanted = options.grace ?? object.int("spec", "terminationGracePeriodSeconds") ?? 30
        // A second delete without a wish keeps the time that is running.
        if options.grace == nil, let running = object.int("metadata", "deletionGracePeriodSeconds") { return running }
        return max(0, wanted)
    }

    /// Does what the garbage collector's own finalizers wait for.
    mutating func advanceDeletion(of key: ObjectKey) {
        guard var object = store[key], object.isDeleting else { return }
        if object.finalizers.contains(GarbageFinalizer.orphan) {
            for dependent in store.dependents(of: object.uid) { dropOwner(object.uid, from: dependent) }
            release(&object, GarbageFinalizer.orphan, key)
        } else if object.finalizers.contains(GarbageFinalizer.foreground) {
            let blocking = store.dependents(of: object.uid).filter { dependent in
                store[dependent]?.ownerReferences.contains {
                    $0["uid"]?.string == object.uid && $0["blockOwnerDeletion"]?.bool == true
                } ?? false
            }
            for dependent in store.dependents(of: object.uid) where store[dependent]?.isDeleting == false {
                discard(dependent)
            }
            // Those that went at once have already come back here through `collectGarbage`.
            guard let current = store[key], current.isDeleting else { return }
            if blocking.allSatisfy({ store[$0] == nil }) {
                object = current
                release(&object, GarbageFinalizer.foreground, key)
            }
        }
    }

    private mutating func release(_ object: inout JSONValue, _ finalizer: String, _ key: ObjectKey) {
        guard object.finalizers.contains(finalizer) else { return }
        object.setFinalizers(object.finalizers.filter { $0 != finalizer })
        if mayGo(object, key.kind) { remove(key) } else { put(object, at: key) }
    }

    private mutating func dropOwner(_ uid: String, from key: ObjectKey) {
        guard var object = store[key] else { return }
        let left = object.ownerReferences.filter { $0["uid"]?.string != uid }
        object.set(left.isEmpty ? .none : .array(left), "metadata", "ownerReferences")
        put(object, at: key)
    }

    /// Looks after what belonged to an object that is gone: dependents without any owner left go too, an owner that
    /// waited for this one may go, and so may its namespace.
    mutating func collectGarbage(after object: JSONValue, _ key: ObjectKey) {
        for dependent in store.dependents(of: object.uid) {
            guard let current = store[dependent] else { continue }
            let hasOwner = current.ownerReferences.contains { $0["uid"]?.string.map(store.has(uid:)) ?? false }
            if hasOwner {
                dropOwner(object.uid, from: dependent)
            } else if !current.isDeleting {
                discard(dependent)
            }
        }
        for owner in object.ownerReferences {
            if let ownerKey = owner["uid"]?.string.flatMap(store.key(uid:)) { advanceDeletion(of: ownerKey) }
        }
        if key.kind.isNamespaced { finishNamespace(key.namespace) }
    }
}

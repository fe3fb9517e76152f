public import JSON
import OS

/// What the parts of the cluster itself use: the kubelet above all. Nothing here asks for a token; everything goes
/// through the same store, so that clients see it in their watches.
extension KubeSandbox {
    /// The object; `nil` when there is none.
    public func get(_ kind: KubeKind, namespace: String = "", name: String) -> JSONValue? {
        let key = ObjectKey(kind: kind, namespace: namespace, name: name)
        // A look that refuses nothing.
        return (try? withState { state throws(KubeRefusal) in state.store[key] }) ?? nil
    }

    /// The objects of a kind, in one namespace or in all.
    public func list(_ kind: KubeKind, namespace: String? = nil) -> [JSONValue] {
        (try? withState { state throws(KubeRefusal) in state.store.list(kind, namespace: namespace) }) ?? []
    }

    /// The objects there are, as `added`, then every change. Ends when the reader falls behind by more than the
    /// configured queue, or with `closeWatches()`: open another then, and take what it begins with as the whole truth.
    public func watch(_ kind: KubeKind, namespace: String? = nil) -> AsyncStream<KubeChange> {
        let scope = Scope(kind: kind, namespace: namespace)
        let feed: WatchFeed
        do throws(KubeRefusal) {
            feed = try openWatch(
                scope, wantsBookmarks: false, timeout: nil, queueLimit: configuration.watchQueueLimit
            ) { state throws(KubeRefusal) in
                state.store.list(kind, namespace: namespace).map { KubeChange(kind: .added, object: $0) }
            }
        } catch {
            // Reading what is there refuses nothing; an ended stream is what a reader must cope with anyhow.
            return AsyncStream { $0.finish() }
        }
        let pending = PendingLines(feed.initial)
        let changes = feed.changes
        return AsyncStream(unfolding: {
            if let first = pending.next() { return first }
            var iterator = changes.makeAsyncIterator()
            return await iterator.next()
        })
    }

    /// Makes an object.
    @discardableResult
    public func create(_ kind: KubeKind, namespace: String = "", _ object: JSONValue) throws(KubeRefusal) -> JSONValue {
        try withState { state throws(KubeRefusal) in try state.create(kind, namespace: namespace, object) }
    }

    /// Changes everything of an object but its status, alone and in one step: there is no conflict.
    /// `change` runs within the cluster's lock: it must not ask the sandbox anything.
    @discardableResult
    public func update(
        _ kind: KubeKind, namespace: String = "", name: String, _ change: (inout JSONValue) throws(KubeRefusal) -> Void
    ) throws(KubeRefusal) -> JSONValue {
        try update(kind, namespace, name, .main, change)
    }

    /// Changes the status of an object, alone and in one step: there is no conflict.
    /// `change` runs within the cluster's lock: it must not ask the sandbox anything.
    @discardableResult
    public func updateStatus(
        _ kind: KubeKind, namespace: String = "", name: String, _ change: (inout JSONValue) throws(KubeRefusal) -> Void
    ) throws(KubeRefusal) -> JSONValue {
        try update(kind, namespace, name, .status, change)
    }

    private func update(
        _ kind: KubeKind, _ namespace: String, _ name: String, _ part: ObjectPart,
        _ change: (inout JSONValue) throws(KubeRefusal) -> Void
    ) throws(KubeRefusal) -> JSONValue {
        let key = ObjectKey(kind: kind, namespace: namespace, name: name)
        return try withState { state throws(KubeRefusal) in
            try state.update(key, part: part) { old throws(KubeRefusal) in
                var new = old
                try change(&new)
                return new
            }
        }
    }

    /// Deletes as a client would; a pod that runs gets its grace period.
    public func delete(
        _ kind: KubeKind, namespace: String = "", name: String, uid: String? = nil, gracePeriodSeconds: Int? = nil
    ) throws(KubeRefusal) {
        let key = ObjectKey(kind: kind, namespace: namespace, name: name)
        try withState { state throws(KubeRefusal) in
            _ = try state.delete(
                key, DeleteOptions(uid: uid, propagation: .background, grace: gracePeriodSeconds))
        }
    }

    /// What a kubelet does once all containers of a deleted pod have ended: the pod goes, unless finalizers hold it.
    public func deleteFinally(pod name: String, namespace: String, uid: String) throws(KubeRefusal) {
        try delete(.pods, namespace: namespace, name: name, uid: uid, gracePeriodSeconds: 0)
    }

    /// Puts a pod on a node, as a scheduler does.
    public func bindPod(namespace: String, name: String, node: String) throws(KubeRefusal) {
        let key = ObjectKey(kind: .pods, namespace: namespace, name: name)
        try withState { state throws(KubeRefusal) in
            let pod = try state.existing(key)
            if pod.isDeleting {
                throw .conflict(.pods, name, "pod \(name) is being deleted, cannot be assigned to a host")
            }
            if let there = pod.string("spec", "nodeName"), !there.isEmpty {
                throw .conflict(.pods, name, "pod \(name) is already assigned to node \"\(there)\"")
            }
            _ = try state.update(key) { pod throws(KubeRefusal) in
                var pod = pod
                pod.set(.string(node), "spec", "nodeName")
                return pod
            }
            let stamp = state.stamp
            _ = try state.update(key, part: .status) { pod throws(KubeRefusal) in
                var pod = pod
                pod.setCondition([
                    "type": "PodScheduled", "status": "True", "lastProbeTime": nil, "lastTransitionTime": stamp,
                    "observedGeneration": pod.at("metadata", "generation") ?? 1,
                ])
                return pod
            }
        }
    }

    /// Tells what happened to an object. The same event again counts up the one that is there.
    ///
    /// - Parameters:
    ///   - object: the object that it is about.
    ///   - type: `Normal` or `Warning`.
    ///   - fieldPath: the part of it: `spec.containers{task}`.
    public func recordEvent(
        on object: JSONValue, type: String = "Normal", reason: String, message: String, component: String,
        host: String? = nil, fieldPath: String? = nil
    ) {
        // Recording refuses nothing.
        _ = try? withState { state throws(KubeRefusal) in
            state.recordEvent(
                on: object, type: type, reason: reason, message: message, component: component, host: host,
                fieldPath: fieldPath)
        }
    }
}

public import JSON
import OS

/// One line of a watch.
public struct KubeChange: Sendable {
    /// What happened.
    public enum Kind: String, Sendable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
        case bookmark = "BOOKMARK"
        case error = "ERROR"
    }

    /// What happened.
    public let kind: Kind
    /// The object, or a `Status`.
    public let object: JSONValue

    var line: JSONValue { ["type": .string(kind.rawValue), "object": object] }
}

/// Which objects a list or a watch is about.
struct Scope: Sendable {
    var kind: KubeKind
    var namespace: String?
    var labels = LabelSelector()
    var fields = FieldSelector()

    func contains(_ key: ObjectKey) -> Bool {
        key.kind == kind && (namespace == nil || key.namespace == namespace)
    }

    func matches(_ object: JSONValue) -> Bool {
        (labels.requirements.isEmpty || labels.matches(object.labels)) && fields.matches(object)
    }

    /// What somebody who sees only this scope sees of a change: an object that no longer matches is gone for them.
    func view(of change: StoreChange) -> KubeChange? {
        guard contains(change.key) else { return nil }
        let was = change.before.map(matches) ?? false
        let isNow = change.after.map(matches) ?? false
        switch (was, isNow) {
        case (false, false): return nil
        case (false, true): return KubeChange(kind: .added, object: change.last)
        case (true, true): return KubeChange(kind: .modified, object: change.last)
        case (true, false):
            guard change.after != nil, var object = change.before else {
                return KubeChange(kind: .deleted, object: change.last)
            }
            object.set(.string(String(change.version)), "metadata", "resourceVersion")
            return KubeChange(kind: .deleted, object: object)
        }
    }
}

/// What a watch begins with and what follows.
struct WatchFeed: Sendable {
    var initial: [KubeChange]
    var changes: AsyncStream<KubeChange>
}

/// The open watches.
struct Watches: Sendable {
    struct Watch: Sendable {
        let scope: Scope
        let wantsBookmarks: Bool
        let end: Timestamp?
        var nextBookmark: Timestamp
        let changes: AsyncStream<KubeChange>.Continuation
    }

    private var open: [Int: Watch] = [:]
    private var nextID = 0

    var count: Int { open.count }

    mutating func add(_ watch: Watch) -> Int {
        nextID += 1
        open[nextID] = watch
        return nextID
    }

    mutating func remove(_ id: Int) { open[id] = nil }

    /// Hands a change to everybody whom it concerns. A watcher whose queue is full has lost a change: its watch ends
    /// here, and it lists again.
    mutating func publish(_ change: StoreChange) {
        for (id, watch) in open {
            guard let view = watch.scope.view(of: change) else { continue }
            if case .dropped = watch.changes.yield(view) { close(id) }
        }
    }

    /// Sends bookmarks that are due and ends watches whose time is over.
    mutating func tick(now: Timestamp, version: Int, interval: Duration) {
        for (id, watch) in open {
            let isOver = watch.end.map { now >= $0 } ?? false
            if watch.wantsBookmarks, isOver || now >= watch.nextBookmark {
                // A full queue loses a bookmark, which nobody misses.
                watch.changes.yield(Watches.bookmark(watch.scope.kind, version))
                open[id]?.nextBookmark = now + interval
            }
            if isOver { close(id) }
        }
    }

    mutating func closeAll() { for id in open.keys { close(id) } }

    private mutating func close(_ id: Int) {
        let watch = open.removeValue(forKey: id)
        watch?.changes.finish()
    }

    static func bookmark(_ kind: KubeKind, _ version: Int, initialEnd: Bool = false) -> KubeChange {
        var metadata: JSONValue = ["resourceVersion": .string(String(version)), "creationTimestamp": nil]
        if initialEnd { metadata["annotations"] = ["k8s.io/initial-events-end": "true"] }
        return KubeChange(
            kind: .bookmark,
            object: ["kind": .string(kind.kind), "apiVersion": .string(kind.apiVersion), "metadata": metadata])
    }
}

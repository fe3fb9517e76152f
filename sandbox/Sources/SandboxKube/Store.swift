import JSON

/// Where an object is.
struct ObjectKey: Hashable, Sendable {
    var kind: KubeKind
    var namespace: String
    var name: String
}

/// One write that happened: what was there, what is there now.
struct StoreChange: Sendable {
    let version: Int
    let key: ObjectKey
    /// `nil` when the object was made.
    let before: JSONValue?
    /// `nil` when the object went.
    let after: JSONValue?
    /// The object as it was last, with the version of its going.
    let last: JSONValue
}

/// All objects under one counter of versions, with a bounded history from which any recent past can be read.
struct Store: Sendable {
    /// The version of the newest write.
    private(set) var version = 0
    /// Everything up to this version is forgotten.
    private(set) var compacted = 0
    private var objects: [KubeKind: [String: [String: JSONValue]]] = [:]
    private var history: [StoreChange] = []
    private var keysByUID: [String: ObjectKey] = [:]
    private var keysByOwner: [String: Set<ObjectKey>] = [:]
    private let historyLimit: Int

    init(historyLimit: Int) { self.historyLimit = max(1, historyLimit) }

    subscript(key: ObjectKey) -> JSONValue? { objects[key.kind]?[key.namespace]?[key.name] }

    /// Whether an object with this uid is there.
    func has(uid: String) -> Bool { keysByUID[uid] != nil }

    /// The object with this uid.
    func key(uid: String) -> ObjectKey? { keysByUID[uid] }

    /// The objects that name this uid as an owner.
    func dependents(of uid: String) -> [ObjectKey] {
        (keysByOwner[uid] ?? []).sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
    }

    /// The objects of a kind, in order of namespace and name.
    func list(_ kind: KubeKind, namespace: String?) -> [JSONValue] {
        guard let byNamespace = objects[kind] else { return [] }
        return Self.sorted(byNamespace, namespace: namespace)
    }

    /// Whether anything is left in a namespace.
    func isEmpty(namespace: String) -> Bool { !objects.contains { $0.value[namespace]?.isEmpty == false } }

    /// What is in a namespace.
    func keys(in namespace: String) -> [ObjectKey] {
        objects.flatMap { kind, byNamespace in
            (byNamespace[namespace] ?? [:]).keys.map { ObjectKey(kind: kind, namespace: namespace, name: $0) }
        }.sorted { ($0.kind.plural, $0.name) < ($1.kind.plural, $1.name) }
    }

    /// The objects of a kind as they were at `version`; `nil` when that is forgotten.
    func list(_ kind: KubeKind, namespace: String?, at version: Int) -> [JSONValue]? {
        guard version >= compacted, version <= self.version else { return nil }
        var past = objects[kind] ?? [:]
        for change in history.reversed() {
            if change.version <= version { break }
            guard change.key.kind == kind else { continue }
            past[change.key.namespace, default: [:]][change.key.name] = change.before
        }
        return Self.sorted(past, namespace: namespace)
    }

    private static func sorted(_ objects: [String: [String: JSONValue]], namespace: String?) -> [JSONValue] {
        if let namespace {
            return (objects[namespace] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
        }
        return objects.sorted { $0.key < $1.key }.flatMap { $0.value.sorted { $0.key < $1.key }.map(\.value) }
    }

    /// The changes after `version`; `nil` when some of them are forgotten.
    func changes(after version: Int) -> ArraySlice<StoreChange>? {
        guard version >= compacted else { return nil }
        var low = 0
        var high = history.count
        while low < high {
            let middle = (low + high) / 2
            if history[middle].version <= version { low = middle + 1 } else { high = middle }
        }
        return history[low...]
    }

    /// Stores an object under a new version.
    mutating func put(_ object: JSONValue, at key: ObjectKey) -> StoreChange {
        version += 1
        var object = object
        object.set(.string(String(version)), "metadata", "resourceVersion")
        let before = self[key]
        if let before { forgetOwners(of: before, key) }
        objects[key.kind, default: [:]][key.namespace, default: [:]][key.name] = object
        keysByUID[object.uid] = key
        for owner in object.ownerReferences {
            if let uid = owner["uid"]?.string { keysByOwner[uid, default: []].insert(key) }
        }
        return record(StoreChange(version: version, key: key, before: before, after: object, last: object))
    }

    /// Takes an object out; `nil` when there is none.
    mutating func remove(_ key: ObjectKey) -> StoreChange? {
        guard let before = objects[key.kind]?[key.namespace]?.removeValue(forKey: key.name) else { return nil }
        version += 1
        forgetOwners(of: before, key)
        keysByUID[before.uid] = nil
        var last = before
        last.set(.string(String(version)), "metadata", "resourceVersion")
        return record(StoreChange(version: version, key: key, before: before, after: nil, last: last))
    }

    private mutating func forgetOwners(of object: JSONValue, _ key: ObjectKey) {
        for owner in object.ownerReferences {
            guard let uid = owner["uid"]?.string else { continue }
            keysByOwner[uid]?.remove(key)
            if keysByOwner[uid]?.isEmpty == true { keysByOwner[uid] = nil }
        }
    }

    private mutating func record(_ change: StoreChange) -> StoreChange {
        history.append(change)
        // Dropped in one go, so that each write costs little.
        if history.count > 2 * historyLimit { compact(keeping: historyLimit) }
        return change
    }

    /// Forgets all changes but the newest `count`.
    mutating func compact(keeping count: Int) {
        let surplus = history.count - count
        guard surplus > 0 else { return }
        compacted = history[surplus - 1].version
        history.removeFirst(surplus)
    }
}

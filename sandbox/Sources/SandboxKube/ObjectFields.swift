import JSON

/// The fields of any object, by their names.
extension JSONValue {
    /// The string down a path.
    func string(_ path: String...) -> String? { descend(path)?.string }
    /// The integer down a path.
    func int(_ path: String...) -> Int? { descend(path)?.int }
    /// The boolean down a path.
    func bool(_ path: String...) -> Bool? { descend(path)?.bool }
    /// The list down a path; empty when there is none.
    func list(_ path: String...) -> [JSONValue] { descend(path)?.array ?? [] }

    private func descend(_ path: [String]) -> JSONValue? {
        var current = self
        for name in path {
            guard let next = current[name] else { return nil }
            current = next
        }
        return current
    }

    /// Sets what is down a path, making the objects on the way; `nil` removes.
    mutating func set(_ value: JSONValue?, _ path: String...) { put(value, path[...]) }

    /// Sets what is down a path unless something stands there.
    mutating func setDefault(_ value: JSONValue, _ path: String...) {
        if let there = descend(path), !there.isNull { return }
        put(value, path[...])
    }

    private mutating func put(_ value: JSONValue?, _ path: ArraySlice<String>) {
        guard let first = path.first else { return }
        if path.count == 1 {
            if value == nil, self[first] == nil { return }
            self[first] = value
            return
        }
        if value == nil, self[first]?.object == nil { return }
        var child = self[first] ?? .object(JSONObject())
        child.put(value, path.dropFirst())
        self[first] = child
    }
}

extension JSONValue {
    var name: String { string("metadata", "name") ?? "" }
    var namespace: String { string("metadata", "namespace") ?? "" }
    var uid: String { string("metadata", "uid") ?? "" }
    var resourceVersion: String { string("metadata", "resourceVersion") ?? "" }
    var labels: JSONObject { at("metadata", "labels")?.object ?? [:] }
    var finalizers: [String] { list("metadata", "finalizers").compactMap(\.string) }
    var isDeleting: Bool { string("metadata", "deletionTimestamp") != nil }
    var ownerReferences: [JSONValue] { list("metadata", "ownerReferences") }
    /// The reference to the owner that controls this object.
    var controller: JSONValue? { ownerReferences.first { $0["controller"]?.bool == true } }
    var phase: String { string("status", "phase") ?? "" }
    var isTerminalPod: Bool { phase == "Succeeded" || phase == "Failed" }

    mutating func setFinalizers(_ names: [String]) {
        set(names.isEmpty ? .none : .array(names.map(JSONValue.string)), "metadata", "finalizers")
    }

    /// The condition of this type in `status.conditions`.
    func condition(_ type: String) -> JSONValue? { list("status", "conditions").first { $0["type"]?.string == type } }

    /// Whether the condition of this type is true.
    func isTrue(_ type: String) -> Bool { condition(type)?["status"]?.string == "True" }

    /// Replaces the condition of the same type, or appends it.
    mutating func setCondition(_ condition: JSONValue) {
        var conditions = list("status", "conditions")
        if let place = conditions.firstIndex(where: { $0["type"] == condition["type"] }) {
            conditions[place] = condition
        } else {
            conditions.append(condition)
        }
        set(.array(conditions), "status", "conditions")
    }
}

import JSON
import OS

/// Reading and writing the shapes that repeat in every object.
extension JSONValue {
    /// The string members of an object.
    var stringMembers: [String: String]? {
        guard let object else { return nil }
        var result = [String: String](minimumCapacity: object.count)
        for (key, value) in object { result[key] = value.string }
        return result
    }

    /// An object of strings, in the order of its names, so that equal dictionaries give equal text.
    init(members: [String: String]) {
        var object = JSONObject()
        for (key, value) in members.sorted(by: { $0.key < $1.key }) { object[key] = .string(value) }
        self = .object(object)
    }

    /// The point of time an RFC 3339 string names.
    var timestamp: Timestamp? { string.flatMap(Timestamp.init(iso:)) }

    /// Sets (or with `nil` removes) the value down a path of names, making the objects on the way.
    mutating func set(_ value: JSONValue?, at path: ArraySlice<String>) {
        guard let first = path.first else { return }
        if path.count == 1 {
            self[first] = value
        } else {
            var inner = self[first] ?? [:]
            self[first] = .null  // gives up the other reference, so that the change is made in place
            inner.set(value, at: path.dropFirst())
            self[first] = inner
        }
    }
}

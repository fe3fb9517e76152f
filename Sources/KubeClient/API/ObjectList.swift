import JSON

/// One page of a list.
public struct ObjectList<Object: Sendable>: Sendable {
    /// The objects.
    public var items: [Object]
    /// The version of the whole list: watch from here.
    public var resourceVersion: String
    /// What to ask the next page with; `nil` on the last.
    public var continueToken: String?
    /// How many follow, where the server says so.
    public var remainingItemCount: Int?

    /// Reads a `…List` object.
    init(raw: JSONValue, item: (JSONValue) -> Object) {
        items = raw["items"]?.array?.map(item) ?? []
        resourceVersion = raw.at("metadata", "resourceVersion")?.string ?? ""
        continueToken = raw.at("metadata", "continue")?.string.flatMap { $0.isEmpty ? nil : $0 }
        remainingItemCount = raw.at("metadata", "remainingItemCount")?.int
    }
}

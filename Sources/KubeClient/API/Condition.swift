public import JSON
public import OS

/// One entry of `status.conditions`: what a controller says about an object.
public struct Condition: Sendable, Hashable {
    /// The entry.
    public let raw: JSONValue

    /// Wraps an entry.
    public init(raw: JSONValue) { self.raw = raw }

    /// What it is about: `PodScheduled`, `Failed` …
    public var type: String { raw["type"]?.string ?? "" }
    /// `True`, `False` or `Unknown`.
    public var status: String { raw["status"]?.string ?? "Unknown" }
    /// Whether it holds.
    public var isTrue: Bool { status == "True" }
    /// Why, in one word.
    public var reason: String? { raw["reason"]?.string }
    /// Why, for people.
    public var message: String? { raw["message"]?.string }
    /// Since when.
    public var lastTransitionTime: Timestamp? { raw["lastTransitionTime"]?.timestamp }
}

extension KubernetesObject {
    /// `status.conditions`.
    public var conditions: [Condition] { raw.at("status", "conditions")?.array?.map(Condition.init(raw:)) ?? [] }

    /// The condition of that type.
    public func condition(_ type: String) -> Condition? { conditions.first { $0.type == type } }
}

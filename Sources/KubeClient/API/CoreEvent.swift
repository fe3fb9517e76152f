public import JSON
public import OS

/// An Event (`v1`): what a part of the cluster has to say about an object.
public struct CoreEvent: KubernetesObject, Hashable {
    /// `v1` events.
    public static var resource: Resource { .events }
    /// The whole event.
    public var raw: JSONValue
    /// Wraps a tree.
    public init(raw: JSONValue) { self.raw = raw }

    /// `Normal` or `Warning`.
    public var type: String { raw["type"]?.string ?? "Normal" }
    /// Why, in one word: `FailedScheduling`, `BackOff` …
    public var reason: String { raw["reason"]?.string ?? "" }
    /// What happened, for people.
    public var message: String { raw["message"]?.string ?? "" }
    /// How often it was seen.
    public var count: Int { raw["count"]?.int ?? raw.at("series", "count")?.int ?? 1 }
    /// The part that speaks: `kubelet`, `default-scheduler`.
    public var component: String? { raw["reportingComponent"]?.string ?? raw.at("source", "component")?.string }

    /// The kind of the object it is about.
    public var involvedKind: String { raw.at("involvedObject", "kind")?.string ?? "" }
    /// The name of the object it is about.
    public var involvedName: String { raw.at("involvedObject", "name")?.string ?? "" }
    /// The identity of the object it is about.
    public var involvedUID: String { raw.at("involvedObject", "uid")?.string ?? "" }
    /// The part of the object: `spec.containers{main}`.
    public var fieldPath: String? { raw.at("involvedObject", "fieldPath")?.string }

    /// The latest time it was seen: old and new writers fill different fields.
    public var lastSeen: Timestamp? {
        raw["lastTimestamp"]?.timestamp ?? raw.at("series", "lastObservedTime")?.timestamp
            ?? raw["eventTime"]?.timestamp ?? raw["firstTimestamp"]?.timestamp ?? creationTimestamp
    }
}

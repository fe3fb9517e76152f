import JSON

/// Events in the two forms that the API has for them; the core group's is the stored one.
enum EventForm {
    /// An object as a request for `kind` shows it.
    static func shown(_ object: JSONValue, as kind: KubeKind) -> JSONValue {
        guard kind == .newEvents else { return object }
        var event = object
        event["apiVersion"] = .string(KubeKind.newEvents.apiVersion)
        rename(&event, forward)
        if event.string("reportingController") == nil {
            event["reportingController"] = object.at("source", "component")
        }
        return event
    }

    /// An object of a request for `kind` as it is stored.
    static func stored(_ object: JSONValue, from kind: KubeKind) -> JSONValue {
        guard kind == .newEvents else { return object }
        var event = object
        event["apiVersion"] = .string(KubeKind.events.apiVersion)
        rename(&event, forward.map { ($0.1, $0.0) })
        return event
    }

    private static let forward = [
        ("involvedObject", "regarding"), ("message", "note"), ("reportingComponent", "reportingController"),
        ("source", "deprecatedSource"), ("count", "deprecatedCount"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"),
    ]

    private static func rename(_ event: inout JSONValue, _ names: [(String, String)]) {
        guard let old = event.object else { return }
        var new = JSONObject()
        for (key, value) in old {
            new[names.first { $0.0 == key }?.1 ?? key] = value
        }
        event = .object(new)
    }
}

import JSON
import OS

extension ClusterState {
    /// Stores an event about an object, or counts up the one that says the same.
    mutating func recordEvent(
        on object: JSONValue, type: String, reason: String, message: String, component: String, host: String? = nil,
        fieldPath: String? = nil
    ) {
        let home = object.namespace.isEmpty ? "default" : object.namespace
        var reference: JSONValue = [
            "kind": object["kind"] ?? nil, "apiVersion": object["apiVersion"] ?? nil, "name": .string(object.name),
            "uid": .string(object.uid), "resourceVersion": .string(object.resourceVersion),
        ]
        if !object.namespace.isEmpty { reference["namespace"] = .string(object.namespace) }
        if let fieldPath { reference["fieldPath"] = .string(fieldPath) }
        // What tells events apart, as the recorder of client-go has it.
        var digest: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "\(object.uid)\u{0}\(type)\u{0}\(reason)\u{0}\(message)\u{0}\(component)\u{0}\(fieldPath ?? "")"
            .utf8
        {
            digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        let name = "\(object.name).\(String(digest, radix: 16))"
        let key = ObjectKey(kind: .events, namespace: home, name: name)
        if var known = store[key] {
            known.set(.integer(Int64((known.int("count") ?? 1) + 1)), "count")
            known["lastTimestamp"] = stamp
            put(known, at: key)
            return
        }
        // In a namespace that is ending, as anywhere, nobody waits for an event.
        let namespace = store[ObjectKey(kind: .namespaces, namespace: "", name: home)]
        guard let namespace, !namespace.isDeleting else { return }
        var source: JSONValue = ["component": .string(component)]
        if let host { source["host"] = .string(host) }
        put(
            [
                "apiVersion": "v1", "kind": "Event",
                "metadata": [
                    "name": .string(name), "namespace": .string(home), "uid": .string(configuration.makeID()),
                    "creationTimestamp": stamp,
                ],
                "involvedObject": reference, "reason": .string(reason), "message": .string(message),
                "source": source, "firstTimestamp": stamp, "lastTimestamp": stamp, "count": 1,
                "type": .string(type), "eventTime": nil, "reportingComponent": .string(component),
                "reportingInstance": .string(host ?? ""),
            ], at: key)
    }

    /// Forgets events whose time is over.
    mutating func expireEvents() {
        let limit = now + .zero - configuration.eventLifetime
        for event in store.list(.events, namespace: nil) {
            let stamp = event.string("lastTimestamp") ?? event.string("metadata", "creationTimestamp")
            guard let stamp, let last = Timestamp(iso: stamp), last < limit else { continue }
            remove(ObjectKey(kind: .events, namespace: event.namespace, name: event.name))
        }
    }
}

extension Timestamp {
    static func - (left: Timestamp, right: Duration) -> Timestamp { left + (.zero - right) }
}

internal import HTTP
internal import JSON
internal import OS
internal import Synchronization

/// Writes events; the same one again only raises its count.
final class EventRecorder: Sendable {
    private let api: KubeletAPI
    private let nodeName: String
    private let now: @Sendable () -> Timestamp
    private let counts = Mutex<[String: (name: String, count: Int)]>([:])

    init(api: KubeletAPI, nodeName: String, now: @escaping @Sendable () -> Timestamp) {
        self.api = api
        self.nodeName = nodeName
        self.now = now
    }

    /// Writes one event about `pod`, or about its part at `field`. Events are a service to the reader: one that the API
    /// refuses (the namespace is going away) is dropped.
    func record(
        _ pod: JSONValue, field: String? = nil, warning: Bool = false, _ reason: String, _ message: String
    ) async {
        let key = "\(pod.podUID)|\(field ?? "")|\(reason)|\(message)"
        let (name, count) = counts.withLock { counts in
            // Forgetting everything at the bound costs no more than events that count from 1 again.
            if counts.count > 5000 { counts = [:] }
            let entry = counts[key] ?? (name: "\(pod.podName).\(randomHex(bytes: 8))", count: 0)
            counts[key] = (entry.name, entry.count + 1)
            return (entry.name, entry.count + 1)
        }
        let path = "/api/v1/namespaces/\(pod.podNamespace)/events"
        let stamp = JSONValue.string(now().iso(fraction: 0, zone: "Z"))
        if count > 1 {
            _ = try? await api.call(
                .patch, "\(path)/\(name)", ["count": .integer(Int64(count)), "lastTimestamp": stamp],
                type: "application/merge-patch+json")
            return
        }
        let isScheduler = reason == "Scheduled" || reason == "FailedScheduling"
        var event: JSONValue = [
            "apiVersion": "v1", "kind": "Event",
            "metadata": ["name": .string(name), "namespace": .string(pod.podNamespace)],
            "involvedObject": reference(pod, field), "reason": .string(reason), "message": .string(message),
            "type": warning ? "Warning" : "Normal",
        ]
        if isScheduler {
            event["action"] = reason == "Scheduled" ? "Binding" : "Scheduling"
            event["eventTime"] = .string(now().iso(fraction: 6, zone: "Z"))
            event["firstTimestamp"] = .null
            event["lastTimestamp"] = .null
            event["reportingComponent"] = "default-scheduler"
            event["reportingInstance"] = .string("default-scheduler-\(nodeName)")
            event["source"] = [:]
        } else {
            event["count"] = 1
            event["eventTime"] = .null
            event["firstTimestamp"] = stamp
            event["lastTimestamp"] = stamp
            event["reportingComponent"] = "kubelet"
            event["reportingInstance"] = .string(nodeName)
            event["source"] = ["component": "kubelet", "host": .string(nodeName)]
        }
        _ = try? await api.call(.post, path, event)
    }

    private func reference(_ pod: JSONValue, _ field: String?) -> JSONValue {
        var result: JSONValue = [
            "apiVersion": "v1", "kind": "Pod", "name": .string(pod.podName), "namespace": .string(pod.podNamespace),
            "uid": .string(pod.podUID),
        ]
        if let version = pod.at("metadata", "resourceVersion") { result["resourceVersion"] = version }
        if let field { result["fieldPath"] = .string(field) }
        return result
    }
}

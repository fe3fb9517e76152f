internal import JSON

/// The downward API: a field of a pod as text.
enum FieldReference {
    /// The value at `path`, or `nil` when the kubelet knows no such field.
    static func value(_ path: String, of pod: JSONValue) -> String? {
        if let name = key(of: path, in: "labels") { return pod.at("metadata", "labels")?[name]?.string ?? "" }
        if let name = key(of: path, in: "annotations") { return pod.at("metadata", "annotations")?[name]?.string ?? "" }
        switch path {
        case "metadata.name": return pod.podName
        case "metadata.namespace": return pod.podNamespace
        case "metadata.uid": return pod.podUID
        case "metadata.labels": return lines(pod.at("metadata", "labels"))
        case "metadata.annotations": return lines(pod.at("metadata", "annotations"))
        case "spec.nodeName": return pod.nodeName ?? ""
        case "spec.serviceAccountName": return pod.at("spec", "serviceAccountName")?.string ?? "default"
        case "status.podIP", "status.hostIP", "status.podIPs", "status.hostIPs": return "127.0.0.1"
        default: return nil
        }
    }

    private static func key(of path: String, in map: String) -> String? {
        let start = "metadata.\(map)['"
        guard path.hasPrefix(start), path.hasSuffix("']") else { return nil }
        return String(path.dropFirst(start.count).dropLast(2))
    }

    private static func lines(_ map: JSONValue?) -> String {
        (map?.object ?? [:]).map { ($0.key, JSONValue.string($0.value.string ?? "").text()) }
            .sorted { $0.0 < $1.0 }.map { "\($0.0)=\($0.1)" }.joined(separator: "\n")
    }
}

import Foundation
import JSON
import OS
import SandboxKube
import Testing

@testable import SandboxKubelet

/// What a real kubelet (1.36) was recorded to write about a pod, the sandbox writes about the same pod.
@Suite("As a real kubelet writes it", .timeLimit(.minutes(3)))
struct RealKubeletTests {
    /// A recording, and what is changed in its pod so that the test is quick.
    struct Recording: Sendable, CustomTestStringConvertible {
        let name: String
        var changes: JSONValue = [:]
        var testDescription: String { name }
    }

    static let recordings: [Recording] = [
        Recording(name: "succeeded"), Recording(name: "error-exit-42"), Recording(name: "command-not-found"),
        Recording(name: "config-error-secret"), Recording(name: "image-invalid-name"), Recording(name: "image-never"),
        Recording(name: "init-failed"), Recording(name: "mount-secret-missing"), Recording(name: "oom-killed"),
        Recording(name: "oom-child"), Recording(name: "running"), Recording(name: "termination-message"),
        Recording(name: "unschedulable-gpu"), Recording(name: "unschedulable-selector"),
        Recording(name: "run-as-nonroot"),
        Recording(name: "unknown-scheduler"), Recording(name: "scheduling-gated"),
        Recording(name: "pod-deadline", changes: ["activeDeadlineSeconds": 1, "terminationGracePeriodSeconds": 1]),
        Recording(name: "sidecar-running", changes: ["terminationGracePeriodSeconds": 1]),
    ]

    private static func read(_ name: String) throws -> JSONValue {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let file = folder.appendingPathComponent("../../../Tests/GlueTests/Fixtures/kubernetes-1.36/\(name).json")
            .standardizedFileURL
        return try JSONValue(parsing: Array(try Data(contentsOf: file)))
    }

    @Test("status and events are the recorded ones", arguments: recordings)
    func recorded(_ recording: Recording) async throws {
        let record = try Self.read(recording.name)
        let real = try #require(record["pods"]?[0])
        var spec = try #require(record.at("job", "spec", "template", "spec"))
        for (key, value) in recording.changes.object ?? [:] { spec[key] = value }
        // No image is absent here but by its name.
        if recording.name == "image-never" {
            spec = try JSONValue(parsing: spec.text().replacingOccurrences(of: "absent", with: "does-not-exist"))
        }
        let asked = spec
        let expected = Self.plain(real["status"] ?? .null, real)
        let expectedEvents = Set((record["events"]?.array ?? []).compactMap { Self.plain(event: $0, of: real) })
        try await Cluster.with { cluster in
            try cluster.kube.create(
                .pods, namespace: "default",
                ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(real.podName)], "spec": asked])
            func isRecorded(_ pod: JSONValue?) -> Bool {
                pod.map { Self.plain($0["status"] ?? .null, $0) == expected } ?? false
            }
            let clock = ContinuousClock()
            let deadline = clock.now + .seconds(20)
            while clock.now < deadline, !isRecorded(cluster.get(real.podName)) {
                try await Task.sleep(for: .milliseconds(20))
            }
            let mine = try #require(cluster.get(real.podName))
            let status = Self.plain(mine["status"] ?? .null, mine)
            #expect(Self.differences(status, expected) == [])
            func events() -> Set<String> {
                Set(cluster.kube.list(.events, namespace: "default").compactMap { Self.plain(event: $0, of: mine) })
            }
            while clock.now < deadline, events() != expectedEvents { try await Task.sleep(for: .milliseconds(20)) }
            #expect(events().sorted() == expectedEvents.sorted())
        }
    }

    /// A status without what time and chance make, and without what nothing of ours reads.
    private static func plain(_ status: JSONValue, _ pod: JSONValue) -> JSONValue {
        var result = status
        // Pod-level resources; the volume of a service account's token, which the sandbox does not have.
        for key in ["resources", "allocatedResources", "hostIP", "hostIPs", "podIP", "podIPs"] { result[key] = nil }
        result = walk(result) { key, value in
            switch key {
            case "lastTransitionTime", "startedAt", "finishedAt", "startTime":
                value.string == "1970-01-01T00:00:00Z" ? value : value.string == nil ? value : "<time>"
            case "containerID": value.string?.isEmpty == false ? "<id>" : value
            case "imageID": value.string?.isEmpty == false ? "<id>" : value
            case "volumeMounts": nil
            default: value.string.map { .string(plain($0, pod)) } ?? value
            }
        }
        let conditions = (result["conditions"]?.array ?? []).sorted {
            ($0["type"]?.string ?? "") < ($1["type"]?.string ?? "")
        }
        result["conditions"] = .array(conditions)
        return result
    }

    private static func plain(_ text: String, _ pod: JSONValue) -> String {
        text.replacingOccurrences(of: pod.podUID, with: "<uid>").replacingOccurrences(of: pod.podName, with: "<pod>")
            .replacingOccurrences(of: "<pod>_\(pod.podNamespace)(", with: "<pod>_<namespace>(")
            .replacingOccurrences(of: "\(pod.podNamespace)/<pod>", with: "<namespace>/<pod>")
            .replacingOccurrences(of: "0/2 nodes", with: "0/1 nodes").replacingOccurrences(of: ": 2 ", with: ": 1 ")
            .replacingOccurrences(of: "absent", with: "does-not-exist")
            .replacingOccurrences(of: " to vm", with: " to sandbox").replacingOccurrences(
                of: " to node2", with: " to sandbox")
    }

    /// Where two values differ, one line each.
    private static func differences(_ mine: JSONValue, _ real: JSONValue, at path: String = "") -> [String] {
        switch (mine, real) {
        case (.object(let mine), .object(let real)):
            Set(mine.keys + real.keys).sorted().flatMap { key -> [String] in
                guard let ours = mine[key] else { return ["\(path)/\(key): missing, real \(real[key]?.text() ?? "")"] }
                guard let theirs = real[key] else { return ["\(path)/\(key): \(ours.text()), real has none"] }
                return differences(ours, theirs, at: "\(path)/\(key)")
            }
        case (.array(let mine), .array(let real)) where mine.count == real.count:
            zip(mine, real).enumerated().flatMap { differences($1.0, $1.1, at: "\(path)[\($0)]") }
        default: mine == real ? [] : ["\(path): \(mine.text()), real \(real.text())"]
        }
    }

    private static func plain(event: JSONValue, of pod: JSONValue) -> String? {
        guard event.at("involvedObject", "kind")?.string == "Pod" else { return nil }
        let parts = [
            event["type"], event["reason"], event["reportingComponent"], event.at("source", "component"),
            event.at("involvedObject", "fieldPath"), event["message"],
        ].map { $0?.string ?? "" }
        return plain(parts.joined(separator: " | "), pod)
    }

    /// `value` with each member replaced by what `change` makes of it; `nil` takes it away.
    private static func walk(_ value: JSONValue, _ change: (String, JSONValue) -> JSONValue?) -> JSONValue {
        switch value {
        case .object(let object):
            var result = JSONObject()
            for (key, member) in object { if let changed = change(key, member) { result[key] = walk(changed, change) } }
            return .object(result)
        case .array(let elements): return .array(elements.map { walk($0, change) })
        default: return value
        }
    }
}

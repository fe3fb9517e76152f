import Foundation
import JSON
import Testing

@testable import Glue

/// What a real Kubernetes 1.36 said (Fixtures/kubernetes-1.36), and what glue makes of it.
@Suite struct RecordedPodTests {
    static func pods(_ name: String) throws -> [PodReading] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = folder.appendingPathComponent("Fixtures/kubernetes-1.36/\(name).json")
        let document = try JSONValue(parsing: Data(contentsOf: file))
        if let events = document.array {
            return events.compactMap { $0["object"] }.map { PodReading($0) }
        }
        return (document["pods"]?.array ?? []).map { PodReading($0) }
    }

    static func pod(_ name: String) throws -> PodReading {
        try #require(try pods(name).last { $0.phase != "Pending" || $0.disruption == nil } ?? pods(name).last)
    }

    @Test(arguments: [
        ("command-not-found", Finding.Class.startFailure, Finding.Blame.task),
        ("error-exit-42", .userError, .task), ("oom-killed", .outOfMemory, .task), ("oom-child", .outOfMemory, .task),
        ("ephemeral-evicted", .evicted, .task), ("emptydir-evicted", .evicted, .task),
        ("pod-deadline", .deadline, .task), ("init-failed", .startFailure, .cluster),
        ("evicted-by-api.watch", .evicted, .cluster), ("preempted.watch", .preempted, .cluster),
        ("deleted-by-hand.watch", .deleted, .cluster), ("pod-failure-policy", .userError, .task),
    ])
    func `a pod that ended badly is explained`(name: String, kind: Finding.Class, blame: Finding.Blame) throws {
        let pod = try #require(try Self.pods(name).last { $0.isTerminal } ?? Self.pods(name).last)
        guard case .failed(let finding) = Ending.of(pod) else {
            Issue.record("\(name): \(Ending.of(pod))")
            return
        }
        #expect(finding.kind == kind, "\(finding.message)")
        #expect(finding.blame == blame, "\(finding.message)")
        #expect(!finding.evidence.isEmpty)
    }

    @Test(arguments: ["succeeded", "sidecar-running", "sidecar-crashes"])
    func `a pod whose task container exited 0 is completed`(name: String) throws {
        let pod = try #require(try Self.pods(name).last)
        guard case .completed = Ending.of(pod) else {
            Issue.record("\(Ending.of(pod))")
            return
        }
    }

    @Test(arguments: [
        ("image-invalid-name", Finding.Class.image, Finding.Blame.task, Duration.zero as Duration?),
        ("image-never", .image, .task, .seconds(60)), ("image-pull-network", .image, .cluster, .seconds(600)),
        ("config-error-secret", .configuration, .task, .seconds(60)),
        ("run-as-nonroot", .configuration, .task, .seconds(60)),
        ("unschedulable-gpu", .unschedulable, .task, .seconds(1800)),
        ("unschedulable-selector", .unschedulable, .task, .seconds(1800)),
        ("unknown-scheduler", .unschedulable, .cluster, .seconds(1800)),
        ("pvc-missing", .unschedulable, .task, .seconds(1800)),
        ("scheduling-gated", .unschedulable, .task, nil),
        ("mount-secret-missing", .pendingTimeout, .cluster, .seconds(1800)),
    ])
    func `a pod that waits is explained, and given up in its time`(
        name: String, kind: Finding.Class, blame: Finding.Blame, limit: Duration?
    ) throws {
        let pod = try #require(try Self.pods(name).last)
        switch Waiting.of(pod, pendingTimeout: .seconds(1800)) {
        case .patience(nil): Issue.record("\(name): nothing to say")
        case .patience(let finding?):
            #expect(finding.kind == kind)
            #expect(limit == nil)
        case .giveUp(let finding, let after):
            #expect(finding.kind == kind, "\(finding.message)")
            #expect(finding.blame == blame, "\(finding.message)")
            #expect(after == limit, "\(finding.message)")
        }
    }

    @Test(arguments: [(false, Finding.Class.infrastructure), (true, .deleted)])
    func `a killed container was deleted only if its pod was`(isDeleting: Bool, kind: Finding.Class) throws {
        let pod = PodReading([
            "metadata": [
                "name": "pod", "uid": "u", "deletionTimestamp": isDeleting ? "2026-11-24T00:00:00Z" : nil,
            ],
            "spec": ["containers": [["name": "task"]]],
            "status": [
                "phase": "Failed",
                "containerStatuses": [
                    ["name": "task", "state": ["terminated": ["exitCode": 137, "reason": "Error"]]]
                ],
            ],
        ])
        guard case .failed(let finding) = Ending.of(pod) else {
            Issue.record("\(Ending.of(pod))")
            return
        }
        #expect(finding.kind == kind)
        #expect(isDeleting || finding.message.contains("exit code 137"))
    }

    @Test func `a running pod is left in peace`() throws {
        let pod = try #require(try Self.pods("running").last)
        #expect(pod.taskMayHaveStarted)
        #expect(Waiting.of(pod, pendingTimeout: .seconds(1)) == .patience(note: nil))
    }

    @Test func `out of memory names the limit and the remedy`() throws {
        let pod = try #require(try Self.pods("oom-killed").last)
        guard case .failed(let finding) = Ending.of(pod) else { return }
        #expect(finding.message.hasPrefix("out of memory: the container exceeded its limit of "))
        #expect(finding.message.contains("raise memory"))
    }

    @Test func `a pod that never started its task container cannot have taken a token`() throws {
        for name in [
            "image-invalid-name", "image-never", "config-error-secret", "unschedulable-gpu", "mount-secret-missing",
        ] {
            #expect(try !#require(try Self.pods(name).last).taskMayHaveStarted, "\(name)")
        }
        for name in ["running", "error-exit-42", "oom-killed"] {
            #expect(try #require(try Self.pods(name).last).taskMayHaveStarted, "\(name)")
        }
    }
}

import JSON
import Testing

@testable import Glue

/// What the recorded pods do not show: a deletion before the start, and a queue with little patience.
@Suite struct PatienceTests {
    private func pod(phase: String, deleted: Bool = false, waitingFor reason: String) -> PodReading {
        var metadata: JSONValue = ["name": "pod", "uid": "u"]
        if deleted { metadata["deletionTimestamp"] = "2026-11-24T00:00:00Z" }
        return PodReading([
            "metadata": metadata, "spec": ["nodeName": "node", "containers": [["name": "task"]]],
            "status": [
                "phase": .string(phase),
                "containerStatuses": [["name": "task", "state": ["waiting": ["reason": .string(reason)]]]],
            ],
        ])
    }

    @Test func `a pod deleted before it ran is called deleted, and another attempt is worth it`() {
        let pod = pod(phase: "Failed", deleted: true, waitingFor: "ContainerCreating")
        guard case .failed(let finding) = Ending.of(pod) else {
            Issue.record("not a failure")
            return
        }
        #expect(finding.kind == .deleted)
        #expect(finding.blame == .cluster)
    }

    @Test(arguments: ["CreateContainerConfigError", "CrashLoopBackOff", "ErrImagePull", "SomethingNew"])
    func `no reason to wait outlasts the queue's patience`(reason: String) {
        let pod = pod(phase: "Pending", waitingFor: reason)
        guard case .giveUp(_, let after) = Waiting.of(pod, pendingTimeout: .seconds(2)) else {
            Issue.record("waits for ever")
            return
        }
        #expect(after == .seconds(2))
    }
}

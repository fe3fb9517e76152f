import JSON
import Testing

@testable import Glue

/// A deleted pod's end is read from its last state, not from its absence.
@Suite struct DepartedPodsTests {
    private func pod(_ uid: String, phase: String, reason: String = "") -> PodReading {
        PodReading([
            "metadata": ["name": .string("pod-" + uid), "uid": .string(uid)],
            "spec": ["nodeName": "node", "containers": [["name": "task"]]],
            "status": ["phase": .string(phase), "reason": .string(reason)],
        ])
    }

    @Test func `only ends that are proven are kept, each once, and only while their Job is there`() {
        let departed = DepartedPods()
        departed.add(pod("a", phase: "Failed", reason: "Evicted"), job: "one")
        departed.add(pod("a", phase: "Failed", reason: "Evicted"), job: "one")
        departed.add(pod("b", phase: "Running"), job: "one")
        departed.add(pod("c", phase: "Succeeded"), job: "two")
        let ends = departed.ofJobs(["one"])
        #expect(ends.mapValues { $0.map(\.uid) } == ["one": ["a"]])
        #expect(ends["one"]?.first?.reason == "Evicted")
        #expect(departed.ofJobs(["one", "two"]).keys.sorted() == ["one"])
    }
}

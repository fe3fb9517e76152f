import ClearMLClient
import Handoff
import JSON
import Testing

@testable import Glue

@Suite struct CandidatesTests {
    private func queue(_ name: String, limit: Int? = nil) -> WatchedQueue {
        WatchedQueue(id: name, name: name, maxJobs: limit)
    }
    private func entries(_ tasks: String...) -> [QueueEntry] {
        tasks.map { QueueEntry(task: $0, added: "2026-11-24T00:00:00+00:00") }
    }
    private func job(_ task: String, queue: String, added: String = "earlier", held: Bool = true) -> JobFacts {
        JobFacts(
            name: "job-\(task)", uid: task, resourceVersion: "1", task: task, attempt: 1,
            enqueue: Enqueue(queue: queue, added: added), instance: "i", claimState: .won, isDeleting: false,
            isHeld: held,
            condition: .none, parallelism: 1, ended: nil, pods: [])
    }
    private func chosen(
        _ queues: [WatchedQueue], _ entries: [String: [QueueEntry]], _ jobs: [JobFacts] = [], window: Int = 64
    ) -> [String] {
        Candidates.choose(queues: queues, entries: entries, jobs: jobs, isBusy: { $0 == "busy" }, window: window)
            .candidates.map(\.task)
    }

    @Test func `queues come in their order, entries in theirs`() {
        let all = ["b": entries("b1", "b2"), "a": entries("a1")]
        #expect(chosen([queue("a"), queue("b")], all) == ["a1", "b1", "b2"])
        #expect(chosen([queue("b"), queue("a")], all) == ["b1", "b2", "a1"])
    }

    @Test func `a full queue lets the next one go on`() {
        let all = ["a": entries("a1", "a2"), "b": entries("b1")]
        #expect(chosen([queue("a", limit: 1), queue("b")], all, [job("x", queue: "a")]) == ["b1"])
        #expect(chosen([queue("a", limit: 2), queue("b")], all, [job("x", queue: "a")]) == ["a1", "b1"])
    }

    @Test func `a Job that has been let go does not count`() {
        #expect(chosen([queue("a", limit: 1)], ["a": entries("a1")], [job("x", queue: "a", held: false)]) == ["a1"])
    }

    @Test func `a task whose old Job is still there waits, and does not block`() {
        #expect(chosen([queue("a")], ["a": entries("a1", "a2")], [job("a1", queue: "a")]) == ["a2"])
    }

    @Test func `a claim begun before is gone on with, whatever the limit`() {
        var begun = job("a1", queue: "a", added: "2026-11-24T00:00:00+00:00")
        begun.claimState = .pending
        #expect(chosen([queue("a", limit: 1)], ["a": entries("a1", "a2")], [begun]) == ["a1"])
    }

    @Test func `a busy task is passed over, and nobody is claimed twice`() {
        #expect(chosen([queue("a"), queue("b")], ["a": entries("busy", "t"), "b": entries("t")]) == ["t"])
    }

    @Test func `the window bounds one turn`() {
        #expect(chosen([queue("a")], ["a": entries("1", "2", "3")], window: 2) == ["1", "2"])
    }
}

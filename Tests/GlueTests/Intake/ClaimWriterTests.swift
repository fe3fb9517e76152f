import Handoff
import JSON
import TestKit
import Testing

@testable import Glue

/// The order of a claim's writes is what makes a crash between any two of them recoverable.
@Suite struct ClaimWriterTests {
    private typealias Bench = ServersBench

    private func task(_ status: String, runtime: JSONValue = [:]) -> ScriptedTransport.Step {
        clearML(["task": ["id": .string(Bench.task), "status": .string(status), "runtime": runtime]])
    }

    private let updated = clearML(["updated": 1])
    private let added = clearML(["added": 1])

    @Test func `the claim is written first, the token second, and the Job let go last`() async throws {
        let bench = try Bench([login, task("queued"), updated, added, kubernetes(Bench.job(state: .won))])
        try await bench.claims.finish(Bench.facts(), deadline: Deadline(.seconds(60)))
        #expect(
            bench.asked == ["auth.login", "tasks.get_by_id", "tasks.edit_runtime", "queues.add_task", "PATCH jobs/job"])
        let runtime = try bench.body(2)["add_or_update"]
        #expect(runtime?[Handoff.Runtime.claim]?.string == "\(Bench.instance)/uid-1/1")
        #expect(runtime?[Handoff.Runtime.originQueue] == "origin")
        #expect(runtime?[Handoff.Runtime.lostBeforeStart] == "0")
        #expect(try bench.body(3)["queue"] == "pending")
        #expect(try bench.body(4).at("metadata", "uid") == "uid-1")
        #expect(try bench.body(4).at("spec", "parallelism") == 1)
        bench.finish()
    }

    @Test func `a claim that is written already is not written again`() async throws {
        let claimed: JSONValue = [Handoff.Runtime.claim: .string("\(Bench.instance)/uid-1/1")]
        let bench = try Bench([
            login, task("queued", runtime: claimed), added, kubernetes(Bench.job(state: .won)),
        ])
        try await bench.claims.finish(Bench.facts(), deadline: Deadline(.seconds(60)))
        #expect(bench.asked == ["auth.login", "tasks.get_by_id", "queues.add_task", "PATCH jobs/job"])
        bench.finish()
    }

    @Test func `a task that recovery put back keeps its budgets`() async throws {
        let bench = try Bench([
            login, task("queued", runtime: [Handoff.Runtime.returned: "1"]), updated, added,
            kubernetes(Bench.job(state: .won)),
        ])
        try await bench.claims.finish(Bench.facts(), deadline: Deadline(.seconds(60)))
        #expect(try bench.body(2).at("add_or_update", Handoff.Runtime.lostBeforeStart) == nil)
        #expect(try bench.body(2)["remove"] == [.string(Handoff.Runtime.returned)])
        bench.finish()
    }

    @Test(arguments: ["stopped", "in_progress", "completed", "created"])
    func `nothing is written for a task that is no longer queued`(status: String) async throws {
        let bench = try Bench([login, task(status)])
        try await bench.claims.finish(Bench.facts(), deadline: Deadline(.seconds(60)))
        bench.finish()
    }

    @Test func `nothing is written when the time is over`() async throws {
        let bench = try Bench([])
        await #expect(throws: Abandoned.self) {
            try await bench.claims.finish(Bench.facts(), deadline: Deadline(.zero))
        }
        bench.finish()
    }
}

import HTTP
import Handoff
import JSON
import KubeClient
import TestKit
import Testing

@testable import Glue

/// What is written to Jobs, and under which conditions.
@Suite struct JobWriterTests {
    private typealias Bench = ServersBench

    private func create(_ steps: [ScriptedTransport.Step]) async throws -> JobWriter.Creation {
        let bench = try Bench(steps)
        let creation = try await bench.jobs.createHeld(Bench.job(), claim: Bench.claim)
        bench.finish()
        return creation
    }

    private func isForeign(_ creation: JobWriter.Creation, _ words: String) -> Bool {
        guard case .foreign(let why) = creation else { return false }
        return why.contains(words)
    }

    @Test func `a Job that is made is ours`() async throws {
        guard case .ours(let job, _) = try await create([kubernetes(Bench.job(), status: 201)]) else {
            Issue.record("not ours")
            return
        }
        #expect(job.uid == "uid-1")
    }

    @Test func `the Job that an earlier try made is found again`() async throws {
        let steps = [refused(409, "AlreadyExists"), kubernetes(Bench.job(uid: "earlier"))]
        guard case .ours(let job, _) = try await create(steps) else {
            Issue.record("not ours")
            return
        }
        #expect(job.uid == "earlier")
    }

    @Test func `a lost reply is resolved by reading, not by making another`() async throws {
        guard case .ours(let job, _) = try await create([replyLost, kubernetes(Bench.job())]) else {
            Issue.record("not ours")
            return
        }
        #expect(job.uid == "uid-1")
    }

    @Test func `a lost reply to a Job that was never made is the error that it is`() async throws {
        await #expect(throws: KubernetesError.self) { try await create([replyLost, refused(404, "NotFound")]) }
    }

    @Test func `a Job of that name that is another task's is left alone`() async throws {
        let other = Bench.job(task: "ffffffffffffffffffffffffffffffff")
        #expect(isForeign(try await create([refused(409, "AlreadyExists"), kubernetes(other)]), "not of this claim"))
    }

    @Test func `a Job that has ended is not adopted`() async throws {
        let ended = Bench.job(isComplete: true)
        #expect(isForeign(try await create([refused(409, "AlreadyExists"), kubernetes(ended)]), "already ended"))
    }

    @Test func `a Job that is being deleted is not adopted`() async throws {
        let going = Bench.job(isDeleting: true)
        #expect(isForeign(try await create([refused(409, "AlreadyExists"), kubernetes(going)]), "being deleted"))
    }

    @Test func `a held Job is deleted only as it was seen`() async throws {
        let bench = try Bench([
            kubernetes(["kind": "Status", "status": "Success"]), kubernetes(Bench.job(version: "8")),
            kubernetes(Bench.job()),
        ])
        try await bench.jobs.deleteHeld(Bench.facts())
        #expect(bench.asked == ["DELETE jobs/job", "GET jobs/job", "PATCH jobs/job"])
        let conditions = try bench.body(0)["preconditions"]
        #expect(conditions?["uid"] == "uid-1")
        #expect(conditions?["resourceVersion"] == "7")
        #expect(try bench.body(0)["propagationPolicy"] == "Background")
        bench.finish()
    }

    @Test func `a held Job that has changed meanwhile is not deleted, and keeps its finalizer`() async throws {
        let bench = try Bench([refused(409, "Conflict")])
        await #expect(throws: KubernetesError.self) { try await bench.jobs.deleteHeld(Bench.facts()) }
        bench.finish()
    }

    @Test func `a Job whose claim was won keeps its finalizer when a held one is dropped`() async throws {
        let bench = try Bench([refused(404, "NotFound"), kubernetes(Bench.job(state: .won))])
        try await bench.jobs.deleteHeld(Bench.facts())
        #expect(bench.asked == ["DELETE jobs/job", "GET jobs/job"])
        bench.finish()
    }

    @Test func `letting go takes our finalizer off and leaves the others`() async throws {
        let all = ["foregroundDeletion", Handoff.finalizer, "example.com/other"]
        let bench = try Bench([kubernetes(Bench.job(version: "9", finalizers: all)), kubernetes(Bench.job())])
        try await bench.jobs.letGo(Bench.facts())
        let metadata = try bench.body(1)["metadata"]
        #expect(metadata?["finalizers"] == ["foregroundDeletion", "example.com/other"])
        #expect(metadata?["uid"] == "uid-1")
        #expect(metadata?["resourceVersion"] == "9")
        bench.finish()
    }

    @Test func `letting go begins again from what is there when the Job changed in between`() async throws {
        let bench = try Bench([
            kubernetes(Bench.job(version: "9")), refused(409, "Conflict"), kubernetes(Bench.job(version: "10")),
            kubernetes(Bench.job()),
        ])
        try await bench.jobs.letGo(Bench.facts())
        #expect(try bench.body(3).at("metadata", "resourceVersion") == "10")
        bench.finish()
    }

    @Test func `a Job is held as long as the API server says so, whatever was seen`() async throws {
        let answers = [
            (kubernetes(Bench.job(version: "9")), true), (kubernetes(Bench.job(state: .won)), false),
            (kubernetes(Bench.job(uid: "another")), false), (refused(404, "NotFound"), false),
        ]
        for (answer, isHeld) in answers {
            let bench = try Bench([answer])
            #expect(try await bench.jobs.isHeldNow(Bench.facts()) == isHeld)
            bench.finish()
        }
    }

    @Test func `a namesake is not let go`() async throws {
        let bench = try Bench([kubernetes(Bench.job(uid: "another"))])
        try await bench.jobs.letGo(Bench.facts())
        #expect(bench.asked == ["GET jobs/job"])
        bench.finish()
    }
}

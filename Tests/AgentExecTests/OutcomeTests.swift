import ClearMLClient
import HTTP
import Handoff
import JSON
import Supervisor
import TestKit
import Testing

@testable import AgentExec

private let broken = ExecutionFailure(code: .codeFetch, reason: "no such commit", message: "push it")
private let unreachable = ExecutionFailure(
    code: .serverUnreachable, reason: "away", message: "", isInfrastructure: true)

@Suite struct OutcomeTests {
    private func decide(
        _ work: WorkEnd, stop: StopCause? = nil, standing: TaskStanding? = .ours, kills: Int64 = 0
    ) -> Outcome { Outcome(work: work, stop: stop, standing: standing, memoryKills: kills) }

    @Test func `the code's own end decides`() {
        let good = decide(.ended(.exited(0)))
        #expect(good.verdict == .completed && good.exitCode == 0 && good.write == .completed)
        let bad = decide(.ended(.exited(3)))
        #expect(bad.verdict == .failed && bad.exitCode == 3)
        #expect(bad.write == .failed(reason: "worker execution exit code 3"))
        let killed = decide(.ended(.signalled(11)))
        #expect(killed.exitCode == 139 && killed.cause.contains("SEGV"))
    }

    @Test func `a failure before the code ran has its own exit code and says why`() {
        let outcome = decide(.failed(broken))
        #expect(outcome.verdict == .failed && outcome.exitCode == 66)
        #expect(outcome.write == .failed(reason: "no such commit"))
        #expect(outcome.cause == "no such commit: push it")
    }

    @Test func `what is not the task's fault does not fail it`() {
        let outcome = decide(.failed(unreachable))
        #expect(outcome.verdict == .runAgain && outcome.exitCode == 69 && outcome.write == nil)
    }

    @Test func `an abort is stopped, whether the code died of it or before`() {
        for work in [
            WorkEnd.stopped(.signalled(15)), .stopped(nil), .stopped(.exited(0)), .ended(.exited(1)), .failed(broken),
        ] {
            let outcome = decide(work, stop: .abort, standing: .abortRequested)
            #expect(outcome.verdict == .stopped && outcome.exitCode == 0)
            #expect(outcome.write == .stopped(reason: "task was stopped by tasks.stop"))
        }
        #expect(decide(.ended(.exited(0)), stop: nil, standing: .abortRequested).verdict == .completed)
    }

    @Test func `a terminated pod runs again, even when the code took its TERM well`() {
        for exit in [ProcessExit.exited(0), .exited(1), .signalled(15), .signalled(9)] {
            let outcome = decide(.stopped(exit), stop: .terminated(15))
            #expect(outcome.verdict == .runAgain && outcome.exitCode == 75 && outcome.write == nil)
        }
        #expect(decide(.ended(.exited(0)), stop: .terminated(15)).verdict == .completed, "it had ended before")
        #expect(decide(.stopped(.exited(0)), stop: .terminated(15), standing: .abortRequested).verdict == .stopped)
    }

    @Test func `a task that is not ours any more is not written`() {
        for work in [WorkEnd.ended(.exited(0)), .ended(.exited(1)), .stopped(nil), .failed(broken)] {
            for status in [TaskStatus.created, .queued, nil] {
                let outcome = decide(work, stop: .taken(status, "gone"), standing: .taken(status, "gone"))
                #expect(outcome.verdict == .notOurs && outcome.exitCode == 68 && outcome.write == nil)
            }
            let stopped = decide(work, standing: .taken(.stopped, "stopped"))
            #expect(stopped.verdict == .stopped && stopped.isOnServer && stopped.write == nil)
        }
    }

    @Test func `what the code did to its own task stands`() {
        let completed = decide(.ended(.exited(0)), standing: .finished(.completed))
        #expect(completed.verdict == .completed && completed.isOnServer && completed.write == nil)
        let failed = decide(.ended(.exited(0)), standing: .taken(.failed, "failed"))
        #expect(failed.verdict == .failed && failed.isOnServer && failed.write == nil && failed.exitCode == 1)
    }

    @Test func `a kill for memory is named, and has its exit code`() {
        for exit in [ProcessExit.signalled(9), .exited(1)] {
            let outcome = decide(.ended(exit), kills: 1)
            #expect(outcome.exitCode == 72 && outcome.cause.hasPrefix("killed for memory"))
            #expect(outcome.write == .failed(reason: "killed for memory"))
        }
        #expect(decide(.ended(.exited(0)), kills: 1).verdict == .completed, "the code coped with it")
    }

    @Test func `without a server the end is what we know`() {
        #expect(decide(.ended(.exited(0)), standing: nil).verdict == .completed)
        #expect(decide(.stopped(nil), stop: .taken(.stopped, ""), standing: nil).verdict == .stopped)
        #expect(decide(.stopped(nil), stop: .taken(.queued, ""), standing: nil).verdict == .notOurs)
    }
}

@Suite struct FinalReportTests {
    private func deliver(
        _ work: WorkEnd, _ steps: [ScriptedTransport.Step], patience seconds: Int = 300
    ) async throws -> (outcome: Outcome, reported: Bool) {
        let time = TestTime()
        let transport = ScriptedTransport([loggedIn] + steps)
        let patience = Patience(pace: time.pace)
        patience.begin(.seconds(seconds))
        let report = FinalReport(
            configuration: try testConfiguration(), server: testServer(transport, pace: time.pace), pace: time.pace,
            patience: patience)
        let result = await report.deliver(work: work, stop: nil, memoryKills: 0)
        #expect(transport.remaining == 0, "steps never reached")
        return result
    }

    @Test func `a look, then one write`() async throws {
        let result = try await deliver(
            .ended(.exited(0)), [look("in_progress"), expecting("tasks.completed", answer(["updated": 1]))])
        #expect(result.reported && result.outcome.verdict == .completed)
        let failed = try await deliver(
            .ended(.exited(2)), [look("in_progress"), expecting("tasks.failed", answer(["updated": 1]))])
        #expect(failed.reported && failed.outcome.exitCode == 2)
    }

    @Test func `a lost reply is settled by a look, not by a second write`() async throws {
        let result = try await deliver(
            .ended(.exited(2)),
            [look("in_progress"), expecting("tasks.failed", lost(mayHaveActed: true)), look("failed")])
        #expect(result.reported && result.outcome.exitCode == 2)
        #expect(result.outcome.cause == "the code ended with exit code 2")
    }

    @Test func `a write that was not carried out is repeated`() async throws {
        let result = try await deliver(
            .ended(.exited(0)),
            [
                look("in_progress"), expecting("tasks.completed", lost(mayHaveActed: true)), look("in_progress"),
                expecting("tasks.completed", answer(["updated": 1])),
            ])
        #expect(result.reported)
    }

    @Test func `an abort between look and write wins`() async throws {
        let result = try await deliver(
            .ended(.exited(0)),
            [look("in_progress"), expecting("tasks.completed", refusal(400, 110)), look("stopped")])
        #expect(result.outcome.verdict == .stopped && result.reported)
    }

    @Test func `a server that stays away leaves the verdict unreported`() async throws {
        let time = TestTime()
        let away: ScriptedTransport.Step = { _ in
            time.pass(.seconds(1))
            return .failure(HTTPError(.connect, mayHaveActed: false, "away"))
        }
        let transport = ScriptedTransport(Array(repeating: away, count: 1000))
        let patience = Patience(pace: time.pace)
        patience.begin(.seconds(60))
        let report = FinalReport(
            configuration: try testConfiguration(), server: testServer(transport, pace: time.pace), pace: time.pace,
            patience: patience)
        let result = await report.deliver(work: .ended(.exited(0)), stop: nil, memoryKills: 0)
        #expect(!result.reported && result.outcome.verdict == .completed)
        #expect(time.now >= .seconds(60) && time.now < .seconds(120))
    }
}

@Suite struct TaskStandingTests {
    private func standing(_ status: TaskStatus, claim: Claim? = ours, pod: String? = "pod-1", abort: Bool = false)
        -> TaskStanding
    {
        TaskStanding(
            TaskView(status: status, claim: claim, podUID: pod, isAbortRequested: abort), claim: ours, podUID: "pod-1")
    }

    @Test func `ours as long as claim, pod and status say so`() {
        #expect(standing(.inProgress) == .ours)
        #expect(standing(.inProgress, abort: true) == .abortRequested)
        #expect(standing(.completed) == .finished(.completed))
        for status in [TaskStatus.stopped, .failed, .created, .queued] {
            guard case .taken(status, _) = standing(status) else {
                #expect(Bool(false), "\(status)")
                continue
            }
        }
        for other in [
            standing(.inProgress, claim: theirs), standing(.inProgress, claim: nil),
            standing(.inProgress, pod: "pod-2"),
            TaskStanding(nil, claim: ours, podUID: "pod-1"),
        ] {
            guard case .taken = other else {
                #expect(Bool(false), "\(other)")
                continue
            }
        }
    }
}

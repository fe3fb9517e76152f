import ClearMLClient
import HTTP
import JSON
import TestKit
import Testing

@testable import AgentExec

private let token = expecting("queues.remove_task", answer(["removed": 1]))
private let noToken = expecting("queues.remove_task", refusal(400, 703, "not in queue"))
private let entered = expecting("tasks.dequeue", answer(["dequeued": 1, "updated": 1]))
private let written = expecting("tasks.edit_runtime", answer(["updated": 1]))
private let started = expecting("tasks.started", answer(["updated": 1]))

/// Runs the gate against a script that must be used up.
private func pass(
    _ steps: [ScriptedTransport.Step], time: TestTime = TestTime(), sourceLocation: SourceLocation = #_sourceLocation
) async throws -> (end: GateMachine.End?, requests: [HTTPRequest]) {
    let transport = ScriptedTransport([loggedIn] + steps)
    let gate = StartGate(
        configuration: try testConfiguration(), server: testServer(transport, pace: time.pace), pace: time.pace)
    let end = await gate.pass()
    #expect(transport.remaining == 0, "steps never reached", sourceLocation: sourceLocation)
    return (end, transport.requests)
}

@Suite struct GateTests {
    @Test func `the way through: look, take, look, enter, write, start, each once`() async throws {
        let (end, requests) = try await pass([look("queued"), token, look("queued"), entered, written, started])
        #expect(end == nil)
        let bodies = requests.map { $0.body.flatMap { try? JSONValue(parsing: $0) } ?? [:] }
        #expect(bodies[2] == ["queue": "pending", "task": "0123456789abcdef0123456789abcdef"])
        #expect(bodies[4]["new_status"]?.string == "in_progress")
        let runtime = bodies[5]["add_or_update"]
        #expect(runtime?["glue_pod_uid"]?.string == "inst/job-1/2 pod-1")
        #expect(runtime?["glue_phase"]?.string == "inst/job-1/2 gate")
        #expect(runtime?["glue_pod"]?.string == "the-pod")
    }

    @Test(arguments: ["created", "in_progress", "stopped", "failed", "completed", "published"])
    func `a task that is not queued is left alone, as by a container that starts again`(status: String) async throws {
        let (end, _) = try await pass([look(status)])
        guard case .notOurs = end else { return #expect(Bool(false), "\(String(describing: end))") }
    }

    @Test func `a task that does not exist, or is claimed by another, is left alone`() async throws {
        for step in [noTask, look("queued", claim: theirs)] {
            let (end, _) = try await pass([step])
            guard case .notOurs = end else { return #expect(Bool(false), "\(String(describing: end))") }
        }
    }

    @Test func `a claim that is not written yet is waited for`() async throws {
        let looks = Array(repeating: look("queued", claim: nil), count: 10)
        let (end, _) = try await pass(looks + [look("queued"), token, look("queued"), entered, written, started])
        #expect(end == nil)
    }

    @Test func `a claim that never comes is waited for sixty seconds`() async throws {
        let time = TestTime()
        let (end, requests) = try await pass(Array(repeating: look("queued", claim: nil), count: 61), time: time)
        #expect(end == .notOurs("nobody has claimed the task within 60 s"))
        #expect(requests.count == 62)
    }

    @Test func `without the token nothing is touched`() async throws {
        for step in [noToken, expecting("queues.remove_task", answer(["removed": 0]))] {
            let (end, _) = try await pass([look("queued"), step])
            guard case .notOurs = end else { return #expect(Bool(false), "\(String(describing: end))") }
        }
    }

    @Test(arguments: [502, 500])
    func `a lost reply to the take is never a win`(code: Int) async throws {
        for step in [lost(mayHaveActed: true), refusal(code, 0)] {
            let (end, _) = try await pass([look("queued"), step])
            guard case .unknown = end else { return #expect(Bool(false), "\(String(describing: end))") }
        }
    }

    @Test func `a take that was certainly not sent is sent again`() async throws {
        let (end, _) = try await pass(
            [look("queued"), lost(mayHaveActed: false), token, look("queued"), entered, written, started])
        #expect(end == nil)
    }

    @Test func `a claim lost after the take: the token goes back`() async throws {
        for claim in [theirs, nil] {
            let back = expecting("queues.add_task") { request in
                #expect(
                    request.body.flatMap { try? JSONValue(parsing: $0) } == [
                        "queue": "pending", "task": "0123456789abcdef0123456789abcdef", "update_execution_queue": true,
                    ])
                return answer(["added": 1])(request)
            }
            let (end, _) = try await pass([look("queued"), token, look("queued", claim: claim), back])
            guard case .notOurs = end else { return #expect(Bool(false), "\(String(describing: end))") }
        }
    }

    @Test func `a token that is back already is as good as put back`() async throws {
        let (end, _) = try await pass([
            look("queued"), token, look("queued", claim: theirs), expecting("queues.add_task", refusal(400, 706)),
        ])
        guard case .notOurs = end else { return #expect(Bool(false), "\(String(describing: end))") }
    }

    @Test func `aborted, reset or deleted after the take: nothing more is written`() async throws {
        for step in [look("stopped"), look("created", claim: nil), noTask] {
            let (end, _) = try await pass([look("queued"), token, step])
            guard case .notOurs = end else { return #expect(Bool(false), "\(String(describing: end))") }
        }
        let (end, _) = try await pass([
            look("queued"), token, look("queued"), expecting("tasks.dequeue", answer(["dequeued": 1])),
        ])
        guard case .notOurs = end else { return #expect(Bool(false), "\(String(describing: end))") }
    }

    @Test func `a lost reply to the entry is settled by a look`() async throws {
        let lostEntry = expecting("tasks.dequeue", lost(mayHaveActed: true))
        let tail = [written, started]
        let worked = try await pass([look("queued"), token, look("queued"), lostEntry, look("in_progress")] + tail)
        #expect(worked.end == nil)
        let repeated = try await pass(
            [look("queued"), token, look("queued"), lostEntry, look("queued"), entered] + tail)
        #expect(repeated.end == nil)
        for step in [look("stopped"), look("queued", claim: theirs), look("in_progress", claim: theirs), noTask] {
            let (end, _) = try await pass([look("queued"), token, look("queued"), lostEntry, step])
            guard case .notOurs = end else { return #expect(Bool(false), "\(String(describing: end))") }
        }
    }

    @Test func `an abort while the runtime is written ends it`() async throws {
        let (end, _) = try await pass([
            look("queued"), token, look("queued"), entered, expecting("tasks.edit_runtime", refusal(400, 110)),
        ])
        guard case .notOurs = end else { return #expect(Bool(false), "\(String(describing: end))") }
    }

    @Test func `started is sent once, whatever becomes of its reply`() async throws {
        let (end, _) = try await pass([
            look("queued"), token, look("queued"), entered, written,
            expecting("tasks.started", lost(mayHaveActed: true)),
        ])
        #expect(end == nil)
    }

    @Test func `a server that refuses the keys is not asked again`() async throws {
        let transport = ScriptedTransport([expecting("auth.login", refusal(401, 22, "bad key"))])
        let time = TestTime()
        let gate = StartGate(
            configuration: try testConfiguration(), server: testServer(transport, pace: time.pace), pace: time.pace)
        guard case .unreachable(let cause) = await gate.pass() else { return #expect(Bool(false)) }
        #expect(cause.contains("CLEARML_API_SECRET_KEY"))
        #expect(time.now < .seconds(5))
    }

    @Test func `a TERM before the take leaves everything as it was`() async throws {
        let transport = ScriptedTransport([loggedIn, look("queued")])
        let time = TestTime()
        let gate = StartGate(
            configuration: try testConfiguration(), server: testServer(transport, pace: time.pace), pace: time.pace)
        guard case .unreachable = await gate.pass(isStopped: { true }) else { return #expect(Bool(false)) }
        #expect(transport.remaining == 0)
    }
}

/// The machine alone: what it does when the server falls silent at each step.
@Suite struct GateMachineTests {
    private let silence = GateMachine.Event.failed(.init(cause: "silence", mayHaveActed: true, isPermanent: false))
    private let queued = GateMachine.Event.task(TaskView(status: .queued, claim: ours))

    /// A machine brought to the step after `events`, all at time zero.
    private func machine(_ events: [GateMachine.Event]) -> GateMachine {
        var machine = GateMachine(claim: ours)
        _ = machine.begin(at: .zero)
        for event in events { _ = machine.next(event, at: .zero) }
        return machine
    }

    /// Silence until it gives up; how it ended and when.
    private func outlast(_ events: [GateMachine.Event]) -> (end: GateMachine.Action, after: Duration) {
        var machine = machine(events)
        var now = Duration.zero
        while now < .seconds(3600) {
            let action = machine.next(silence, at: now)
            if case .end = action { return (action, now) }
            now += .seconds(1)
        }
        return (.passed, now)
    }

    @Test func `silence before the take ends without a trace`() {
        let result = outlast([])
        #expect(result.end == .end(.unreachable("silence")))
        #expect(result.after == .seconds(120))
    }

    @Test func `silence once the token is taken is for recovery, never for a second try by another`() {
        let token = GateMachine.Event.token(true)
        for events in [[queued, token], [queued, token, queued], [queued, token, queued, .entered(true)]] {
            guard case .end(.unknown) = outlast(events).end else {
                #expect(Bool(false), "\(events)")
                continue
            }
        }
        let stranger = GateMachine.Event.task(TaskView(status: .queued, claim: theirs))
        guard case .end(.unknown(let cause)) = outlast([queued, token, stranger]).end else {
            return #expect(Bool(false))
        }
        #expect(cause.contains("could not be put back"))
    }

    @Test func `silence at the last step, which decides nothing, is no reason to stop`() {
        var machine = machine([queued, .token(true), queued, .entered(true), .runtimeWritten(true)])
        #expect(machine.next(silence, at: .zero) == .passed)
    }

    @Test func `no order of events takes the token twice or enters without it`() {
        let events: [GateMachine.Event] = [
            queued, .task(nil), .task(TaskView(status: .queued, claim: theirs)),
            .task(TaskView(status: .inProgress, claim: ours)), .task(TaskView(status: .stopped, claim: ours)),
            .token(true), .token(false), .tokenBack, .entered(true), .entered(false), .runtimeWritten(true), .started,
            silence,
        ]
        /// Every sequence to a depth, with what the way there has done.
        func walk(_ machine: GateMachine, _ depth: Int, tokens: Int, entries: Int) {
            if depth == 0 { return }
            for event in events {
                var machine = machine
                let action = machine.next(event, at: .zero)
                var tokens = tokens
                if case .token(true) = event, case .read = action { tokens += 1 }
                #expect(tokens <= 1)
                switch action {
                case .end: continue
                case .passed:
                    #expect(tokens == 1)
                    continue
                case .enter, .writeRuntime, .start, .putBack: #expect(tokens == 1)
                case .read, .take: break
                }
                walk(machine, depth - 1, tokens: tokens, entries: entries)
            }
        }
        walk(machine([]), 6, tokens: 0, entries: 0)
    }
}

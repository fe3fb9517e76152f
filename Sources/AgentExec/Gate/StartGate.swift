import ClearMLClient
import Handoff

/// Carries out what the `GateMachine` decides.
struct StartGate: Sendable {
    let configuration: ExecutorConfiguration
    let server: ClearMLServer
    let pace: Pace

    /// Passes the gate, or says why not. Every wait in it is bounded; `isStopped` ends it between two steps,
    /// as long as nothing has been taken.
    func pass(isStopped: @Sendable () -> Bool = { false }) async -> GateMachine.End? {
        var machine = GateMachine(claim: configuration.claim)
        var action = machine.begin(at: pace.now())
        while true {
            switch action {
            case .passed: return nil
            case .end(let end): return end
            case .read(let wait), .take(let wait):
                if isStopped(), case .take = action { return .unreachable("terminated before the start") }
                if wait > .zero, isStopped() { return .unreachable("terminated before the start") }
                await pauseFor(wait)
            case .putBack(let wait), .writeRuntime(let wait): await pauseFor(wait)
            case .enter, .start: break
            }
            let event = await perform(action)
            action = machine.next(event, at: pace.now())
        }
    }

    private func perform(_ action: GateMachine.Action) async -> GateMachine.Event {
        let task = configuration.taskID
        do throws(ClearMLError) {
            switch action {
            case .read: return .task(try await server.view(of: task))
            case .take: return .token(try await server.removeFromQueue(configuration.pendingQueue, task: task))
            case .putBack:
                _ = try await server.addToQueue(configuration.pendingQueue, task: task, updateExecutionQueue: true)
                return .tokenBack
            case .enter:
                return .entered(
                    try await server.dequeue(
                        task: task, newStatus: .inProgress, reason: "starting execution soon",
                        message: configuration.changedBy))
            case .writeRuntime:
                // Refused by status is an error; that nothing changed (the same, a second time) is as good as written.
                _ = try await server.editRuntime(task: task, set: runtime)
                return .runtimeWritten(true)
            case .start:
                try await server.started(
                    task: task, reason: "worker started execution", message: configuration.changedBy)
                return .started
            case .passed, .end: return .started
            }
        } catch {
            if case .writeRuntime = action, error.isRefusal(.invalidTaskStatus) { return .runtimeWritten(false) }
            return .failed(
                .init(cause: "\(error)", mayHaveActed: error.mayHaveActed, isPermanent: error.isPermanent))
        }
    }

    private var runtime: [String: String] {
        var values = [
            Handoff.Runtime.podUID: configuration.claim.scoped(configuration.podUID),
            Handoff.Runtime.phase: configuration.claim.scoped(Phase.gate.rawValue),
        ]
        values[Handoff.Runtime.podName] = configuration.podName
        values[Handoff.Runtime.namespace] = configuration.podNamespace
        values[Handoff.Runtime.node] = configuration.nodeName
        return values
    }

    private func pauseFor(_ wait: Duration) async {
        // A cancelled gate would leave a token behind: nobody cancels it, and if somebody did, it would only hurry.
        if wait > .zero { try? await pace.sleep(wait) }
    }
}

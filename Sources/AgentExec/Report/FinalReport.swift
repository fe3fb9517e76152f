import ClearMLClient
import HTTP
import Handoff

/// Brings the outcome to the server, as long as patience lasts.
struct FinalReport: Sendable {
    let configuration: ExecutorConfiguration
    let server: ClearMLServer
    let pace: Pace
    let patience: Patience
    var backoff = Backoff.call

    private static let mostRefusals = 4

    /// How the task stands; `nil` when the server does not say within the patience.
    func standing() async -> TaskStanding? {
        var failures = 0
        repeat {
            do throws(ClearMLError) {
                return TaskStanding(
                    try await server.view(of: configuration.taskID), claim: configuration.claim,
                    podUID: configuration.podUID)
            } catch {
                failures += 1
                guard await pause(failures) else { return nil }
            }
        } while patience.left > .zero
        return nil
    }

    /// Writes what the outcome says. Reads before every write, so that a write states what it replaces,
    /// and a lost reply is settled by the next look. Returns the outcome as it became, and whether the server has it.
    func deliver(
        work: WorkEnd, stop: StopCause?, memoryKills: Int64
    ) async -> (outcome: Outcome, reported: Bool) {
        var failures = 0
        var isTried = false
        while true {
            let standing = await standing()
            let outcome = Outcome(work: work, stop: stop, standing: standing, memoryKills: memoryKills)
            // After a lost reply the task may well be where we wanted it: its own words count, ours explain them.
            if outcome.isOnServer, isTried {
                let ours = Outcome(work: work, stop: stop, standing: .ours, memoryKills: memoryKills)
                return (ours.verdict == outcome.verdict ? ours : outcome, true)
            }
            guard let write = outcome.write, standing != nil else { return (outcome, outcome.isOnServer) }
            do throws(ClearMLError) {
                try await perform(write, cause: outcome.cause)
                return (outcome, true)
            } catch {
                isTried = true
                failures += 1
                // The look above shows what the status allows; who is refused again and again lacks the right to write.
                if error.isPermanent, failures >= Self.mostRefusals { return (outcome, false) }
                guard await pause(failures) else { return (outcome, false) }
            }
        }
    }

    private func perform(_ write: Outcome.Write, cause: String) async throws(ClearMLError) {
        let task = configuration.taskID
        switch write {
        case .completed:
            try await server.completed(task: task, reason: "worker execution done", message: configuration.changedBy)
        case .failed(let reason):
            try await server.failed(task: task, reason: reason, message: String(cause.prefix(1000)))
        case .stopped(let reason):
            try await server.stopped(task: task, reason: reason, message: configuration.changedBy)
        }
    }

    /// `false` when there is no patience left for another try.
    private func pause(_ failures: Int) async -> Bool {
        let wait = min(backoff.delay(failures: failures, jitter: pace.jitter()), patience.left)
        do { try await pace.sleep(wait) } catch { return false }
        return patience.left > .zero
    }
}

import ClearMLClient
import Handoff
import Supervisor

// The last step of an `Execution`.
extension Execution {
    /// Says the last words, sends the last lines, brings the outcome to the server.
    func report(
        _ work: WorkEnd, console: Console, before: MemoryReading, clock: inout PhaseClock
    ) async -> (verdict: Verdict, exitCode: Int32) {
        patience.begin(configuration.reportPatience)
        let memory = MemoryReading.read()
        let kills = max(0, (memory.kills ?? 0) - (before.kills ?? 0))
        let final = FinalReport(configuration: configuration, server: server, pace: pace, patience: patience)
        let stopCause = stop.cause
        let expected = Outcome(work: work, stop: stopCause, standing: .ours, memoryKills: kills)
        for line in lastWords(work, expected) {
            console.say(line, level: expected.verdict == .failed ? "ERROR" : "INFO")
        }
        let isTaken = if case .taken = stopCause { true } else { false }
        if !isTaken { provisional(complete(clock, expected, work, memory)) }
        // Lines first: whoever sees the task final may read its console at once.
        let isComplete = await console.close(patience: patience)
        let (outcome, reported) = await patience.bound {
            await final.deliver(work: work, stop: stopCause, memoryKills: kills)
        }
        // Only where the server has just answered: otherwise it is forgotten there by itself.
        if reported { await Heartbeat(configuration: configuration, server: server, pace: pace, say: { _ in }).end() }
        let cause = outcome.cause + (isComplete || isTaken ? "" : "; the last console lines did not reach the server")
        var result = outcome
        result.cause = cause
        return (complete(clock, result, work, memory, reported: reported), outcome.exitCode)
    }

    private func complete(
        _ clock: PhaseClock, _ outcome: Outcome, _ work: WorkEnd, _ memory: MemoryReading, reported: Bool = false
    ) -> Verdict {
        var clock = clock
        var verdict = clock.verdict(outcome.verdict, cause: outcome.cause, reported: reported)
        verdict.peakMemory = memory.peak
        switch work {
        case .ended(let exit), .stopped(.some(let exit)): verdict.set(exit)
        case .stopped(nil), .failed: break
        }
        return verdict
    }

    private func lastWords(_ work: WorkEnd, _ outcome: Outcome) -> [String] {
        switch (outcome.verdict, work) {
        case (.completed, _): ["Process completed successfully"]
        case (.stopped, _): ["User aborted: stopping task", "Process aborted by user"]
        case (.failed, .ended(let exit)): [outcome.cause, "Process failed, exit code \(exit.shellCode)"]
        default: [outcome.cause]
        }
    }
}

extension Verdict {
    fileprivate mutating func set(_ end: ProcessExit) {
        switch end {
        case .exited(let code): exit = code
        case .signalled(let number): signal = number
        case .unknown: break
        }
    }
}

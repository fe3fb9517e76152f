import ClearMLClient
import Handoff

/// What this process has seen for how long. Only waits hang on it: after a restart they begin anew, nothing is lost.
struct Memory: Sendable {
    private struct Sight: Sendable {
        var signature: String
        var since: ContinuousClock.Instant
    }

    private struct Wait: Sendable {
        var finding: Finding
        var limit: Duration?
        var since: ContinuousClock.Instant
    }

    private var sights: [String: Sight] = [:]
    private var waits: [String: Wait] = [:]
    private var lastExplained: [String: (text: String, at: ContinuousClock.Instant)] = [:]

    /// For how long `task` has looked like `signature`.
    mutating func observe(_ task: String, as signature: String, now: ContinuousClock.Instant) -> Duration {
        if let sight = sights[task], sight.signature == signature { return now - sight.since }
        sights[task] = Sight(signature: signature, since: now)
        return .zero
    }

    /// For how long `pod` has waited for what it waits for. The kubelet alternates between a first error that names the
    /// cause and a bare "back-off": within one class the finding that blames the task stays.
    mutating func observe(_ pod: PodReading, pendingTimeout: Duration?, now: ContinuousClock.Instant) -> Waited? {
        let (finding, limit): (Finding, Duration?)
        switch Waiting.of(pod, pendingTimeout: pendingTimeout) {
        case .patience(nil):
            waits[pod.uid] = nil
            return nil
        case .patience(let note?): (finding, limit) = (note, nil)
        case .giveUp(let found, let after): (finding, limit) = (found, after)
        }
        if let known = waits[pod.uid], known.finding.kind == finding.kind {
            if known.finding.blame == .task, finding.blame == .cluster {
                return Waited(finding: known.finding, limit: known.limit, elapsed: now - known.since)
            }
            waits[pod.uid] = Wait(finding: finding, limit: limit, since: known.since)
            return Waited(finding: finding, limit: limit, elapsed: now - known.since)
        }
        waits[pod.uid] = Wait(finding: finding, limit: limit, since: now)
        return Waited(finding: finding, limit: limit, elapsed: .zero)
    }

    /// Whether `text` is news for `task`: it changed, and the last news is 30 s old.
    mutating func isNews(_ text: String, for task: String, now: ContinuousClock.Instant) -> Bool {
        if let last = lastExplained[task] {
            guard last.text != text, now - last.at >= .seconds(30) else { return false }
        }
        lastExplained[task] = (text, now)
        return true
    }

    /// Forgets what is not in `tasks` and `pods` any more.
    mutating func keep(tasks: Set<String>, pods: Set<String>) {
        sights = sights.filter { tasks.contains($0.key) }
        lastExplained = lastExplained.filter { tasks.contains($0.key) }
        waits = waits.filter { pods.contains($0.key) }
    }
}

extension Situation {
    /// What must stay the same for the situation to count as unchanged.
    var signature: String {
        var parts = [task?.status.rawValue ?? "gone", token ? "token" : "-", task?.claim?.description ?? "-"]
        parts.append(waiting.map(\.hash).sorted().joined(separator: ","))
        for job in jobs.sorted(by: { $0.name < $1.name }) {
            parts.append("\(job.uid) \(job.claimState) \(job.isOver)")
            for pod in job.pods.sorted(by: { $0.uid < $1.uid }) {
                parts.append("\(pod.uid) \(pod.isTerminal) \(pod.taskMayHaveStarted)")
            }
        }
        return parts.joined(separator: "|")
    }
}

import ClearMLClient
import Handoff
import JSON

@testable import Glue

/// One cell of the recovery table: everything that the decision for one task and one Job depends on.
struct Cell: Hashable {
    enum ClaimCell: String, CaseIterable { case mine, other, none }
    enum JobCell: String, CaseIterable {
        case absent
        case held
        case released
        case ended
        case deleting
    }
    enum PodCell: String, CaseIterable {
        case none
        case waiting
        case hopeless
        case running
        case exited = "ended (no verdict)"
        case refused = "ended (not-ours)"
        case done = "ended (completed)"
        case failed = "ended (failed)"
        case evicted = "evicted"
    }

    var status: TaskStatus?
    var token: Bool
    var claim: ClaimCell
    var job: JobCell
    var pod: PodCell
    var ran: Bool

    static let instance = "aaaaaaaaaaaaaaaa"
    static let pendingQueue = "pending-queue"
    static let enqueue = Enqueue(queue: "origin-queue", added: "2026-11-24T00:00:00.000000+00:00")
    static let limits = DecisionLimits(
        pendingTimeout: .seconds(1800), retriesBeforeStart: 5, retriesAfterStart: 0, terminationGrace: .seconds(30),
        orphanAfter: .seconds(120))

    /// Every cell that can be: a Job that is absent has no pod, a held one neither; only an entered pod has run.
    static var all: [Cell] {
        let states: [TaskStatus?] = [.queued, .inProgress, .stopped, .created, nil]
        var cells: [Cell] = []
        for status in states {
            for token in [true, false] {
                for claim in ClaimCell.allCases {
                    for job in JobCell.allCases {
                        for pod in PodCell.allCases {
                            if job == .absent || job == .held, pod != .none { continue }
                            if status == nil, claim != .none { continue }
                            let entered =
                                status == .inProgress && claim == .mine && ![.none, .waiting, .hopeless].contains(pod)
                            for ran in entered ? [true, false] : [false] {
                                cells.append(
                                    Cell(status: status, token: token, claim: claim, job: job, pod: pod, ran: ran))
                            }
                        }
                    }
                }
            }
        }
        return cells
    }

    /// The situation, observed for `time`.
    func situation(observed time: Duration = .seconds(100_000)) -> Situation {
        let jobs = job == .absent ? [] : [jobFacts]
        var situation = Situation(
            task: status.map(task), taskID: "t", token: token, waiting: [], jobs: jobs, instance: Self.instance,
            pendingQueue: Self.pendingQueue, observedFor: time)
        let finding = Finding(kind: .image, what: "it does not exist", evidence: "", remedy: "", blame: .task)
        if pod == .hopeless {
            situation.waits["pod"] = Waited(finding: finding, limit: .seconds(5), elapsed: .seconds(6))
        } else if pod == .waiting {
            situation.waits["pod"] = Waited(finding: finding, limit: .seconds(50), elapsed: .seconds(20))
        }
        return situation
    }

    var decision: Decision {
        Decision(situation(), limits: { _ in Self.limits }, isWatched: { _ in true }, orphanAfter: .seconds(120))
    }

    private var mine: Claim { Claim(instance: Self.instance, jobUID: "job", attempt: 1) }

    private func task(_ status: TaskStatus) -> TaskFacts {
        let claim: Claim? =
            switch self.claim {
            case .mine: mine
            case .other: Claim(instance: "bbbbbbbbbbbbbbbb", jobUID: "elsewhere", attempt: 1)
            case .none: nil
            }
        // A held Job belongs to a task just popped: its queue is still the origin's, unless the token was added.
        let queue = self.claim == .mine || token || job != .held ? Self.pendingQueue : Self.enqueue.queue
        let entered = ran || ![.none, .waiting, .hopeless, .refused].contains(pod)
        return TaskFacts(
            status: status, isStopping: false, executionQueue: queue, claim: claim,
            enqueue: claim == nil ? nil : Self.enqueue, attempt: claim == nil ? nil : 1, lostBeforeStart: 0,
            lostAfterStart: 0, podUID: status == .inProgress && self.claim == .mine && entered ? "pod" : nil,
            phase: ran ? .run : nil)
    }

    private var jobFacts: JobFacts {
        JobFacts(
            name: "job", uid: "job", resourceVersion: "1", task: "t", attempt: 1, enqueue: Self.enqueue,
            instance: Self.instance, claimState: job == .held ? .pending : .won, isDeleting: job == .deleting,
            isHeld: true,
            condition: job == .ended ? .failed(reason: "BackoffLimitExceeded", message: "") : .none,
            parallelism: job == .held ? 0 : 1, ended: nil, pods: pod == .none ? [] : [reading])
    }

    private var reading: PodReading {
        func container(_ state: PodReading.ContainerState) -> PodReading.Container {
            .init(name: "task", state: state, restarts: 0, image: "i", memoryLimit: nil, isSidecar: false)
        }
        func verdict(_ outcome: Verdict.Outcome) -> String {
            String(
                decoding: Verdict(outcome: outcome, phase: .run, cause: "said so", reported: false).encoded(),
                as: UTF8.self)
        }
        var reading = PodReading(["metadata": ["name": "pod", "uid": "pod"]])
        reading.node = "node"
        switch pod {
        case .none: break
        case .waiting, .hopeless:
            reading.phase = "Pending"
            reading.task = container(.waiting(reason: "ErrImagePull", message: "not found"))
        case .running:
            reading.phase = "Running"
            reading.task = container(.running)
        case .exited:
            reading.phase = "Failed"
            reading.task = container(.terminated(exit: 137, signal: nil, reason: "Error", message: ""))
        case .refused:
            reading.phase = "Failed"
            reading.task = container(.terminated(exit: 68, signal: nil, reason: "Error", message: verdict(.notOurs)))
        case .done:
            reading.phase = "Succeeded"
            reading.task = container(
                .terminated(exit: 0, signal: nil, reason: "Completed", message: verdict(.completed)))
        case .failed:
            reading.phase = "Failed"
            reading.task = container(.terminated(exit: 1, signal: nil, reason: "Error", message: verdict(.failed)))
        case .evicted:
            reading.phase = "Failed"
            reading.reason = "Evicted"
            reading.message = "The node was low on resource: memory."
            reading.task = container(.terminated(exit: 137, signal: nil, reason: "Error", message: ""))
        }
        return reading
    }
}

extension TaskAction {
    /// As the table prints it.
    var title: String {
        switch self {
        case .dropHeld: "drop the held Job"
        case .finishClaim: "finish the claim"
        case .withdraw: "withdraw Job and pods"
        case .letGo: "finalizer off"
        case .failBeforeEntry: "take the token, fail"
        case .report(_, .completed): "completed"
        case .report(_, .stopped): "stopped"
        case .report(_, .failed): "failed, with the finding"
        case .retry(_, _, .beforeStart): "next attempt (budget before start)"
        case .retry(_, _, .afterStart): "next attempt (budget after start)"
        case .putBack: "back to the front of its queue"
        case .reportVanished: "failed: deleted from outside"
        case .dropToken: "drop the token"
        case .explain: "say why it waits"
        }
    }
}

import Handoff

/// How an attempt ended, once its deciding pod is terminal or gone.
enum Ending: Sendable, Equatable {
    /// The user's code succeeded.
    case completed(note: String?)
    /// The task was aborted as asked.
    case stopped
    /// It failed, for the reason found.
    case failed(Finding)
}

extension Ending {
    /// Judges a terminal pod. A verdict beats the container's reasons; a bare exit code is only evidence.
    static func of(_ pod: PodReading) -> Ending {
        if let verdict = pod.verdict, let ending = verdictEnding(verdict, pod) { return ending }
        if let finding = disrupted(pod) { return .failed(finding) }
        for container in pod.initContainers where !container.isSidecar {
            if case .terminated(let exit, _, let reason, let message) = container.state, exit != 0 {
                return .failed(initFailed(container, exit, reason, message, pod))
            }
        }
        guard case .terminated(let exit, let signal, let reason, let message) = pod.task.state else {
            return .failed(neverRan(pod))
        }
        if reason == "OOMKilled" { return .failed(outOfMemory(pod, message)) }
        switch (exit, reason) {
        case (_, "ContainerStatusUnknown"):
            return .failed(infrastructure("the container's end was not seen by its kubelet", pod))
        case (_, "StartError"), (_, "ContainerCannotRun"):
            return .failed(
                Finding(
                    kind: .startFailure, what: "the container's command could not be started",
                    evidence: oneLine(message), remedy: "check the image's platform and `executor.path`", blame: .task))
        case (0, _):
            return .completed(note: pod.phase == "Failed" ? "another container of the pod failed" : nil)
        default:
            // Only the pod's own deletion ends its containers: while our finalizer holds a deleted Job, its pods stay.
            if exit == 143 || exit == 137, pod.isDeleting {
                return .failed(
                    Finding(
                        kind: .deleted, what: "the pod was deleted by someone outside glue", evidence: place(pod),
                        remedy: "enqueue the task again", blame: .cluster))
            }
            let ended = signal.map { "signal \($0)" } ?? "exit code \(exit)"
            let blame: Finding.Blame = exit == 137 ? .cluster : .task
            return .failed(
                Finding(
                    kind: exit == 137 ? .infrastructure : .userError,
                    what: "the task container ended with \(ended) and left no verdict",
                    evidence: [place(pod), oneLine(message)].filter { !$0.isEmpty }.joined(separator: ", "),
                    remedy: "see the console, and `kubectl describe pod \(pod.name)`", blame: blame))
        }
    }

    /// The pod's object is gone and nobody saw its end.
    static func vanished(podName: String) -> Ending {
        .failed(
            Finding(
                kind: .deleted, what: "the pod was deleted by someone outside glue",
                evidence: podName.isEmpty ? "its object is gone" : "pod \(podName) is gone",
                remedy: "enqueue the task again", blame: .cluster))
    }

    private static func verdictEnding(_ verdict: Verdict, _ pod: PodReading) -> Ending? {
        switch verdict.outcome {
        case .completed: return .completed(note: nil)
        case .stopped: return .stopped
        case .failed: return .failed(failed(verdict, pod))
        case .runAgain:
            if let finding = disrupted(pod) { return .failed(finding) }
            return .failed(
                Finding(
                    kind: pod.isDeleting ? .deleted : .infrastructure,
                    what: pod.isDeleting ? "the pod was deleted by someone outside glue" : "the task was told to end",
                    evidence: [verdict.cause, place(pod)].filter { !$0.isEmpty }.joined(separator: ", "),
                    remedy: "enqueue the task again", blame: .cluster))
        case .notOurs, .gateUnknown:
            return .failed(
                Finding(
                    kind: .executor, what: "the executor did not pass the start gate", evidence: verdict.cause,
                    remedy: "", blame: .cluster))
        }
    }

    private static func failed(_ verdict: Verdict, _ pod: PodReading) -> Finding {
        let phase = "phase \(verdict.phase.rawValue)"
        if case .terminated(let exit, _, let reason, _) = pod.task.state,
            exit == ExitCode.memoryKill.rawValue || reason == "OOMKilled"
        {
            return outOfMemory(pod, verdict.cause)
        }
        switch verdict.phase {
        case .workspace:
            return Finding(
                kind: .codeFetch, what: verdict.cause, evidence: place(pod),
                remedy: "correct the task's script section",
                blame: .task)
        case .environment:
            return Finding(
                kind: .environment, what: verdict.cause, evidence: place(pod),
                remedy: "correct the task's requirements",
                blame: .task)
        case .run:
            return Finding(
                kind: .userError, what: verdict.cause, evidence: place(pod), remedy: "see the console", blame: .task)
        case .gate, .fetch, .report:
            return Finding(
                kind: .executor, what: verdict.cause, evidence: "\(phase), \(place(pod))", remedy: "", blame: .cluster)
        }
    }

    private static func disrupted(_ pod: PodReading) -> Finding? {
        func cluster(_ kind: Finding.Class, _ what: String, _ evidence: String) -> Finding {
            Finding(
                kind: kind, what: what, evidence: "\(oneLine(evidence)), \(place(pod))",
                remedy: "enqueue the task again",
                blame: .cluster)
        }
        if pod.reason == "Evicted" {
            let text = pod.message.lowercased()
            if text.contains("exceeded its local ephemeral storage limit")
                || text.contains("exceeds the total limit of containers")
                || text.contains("exceeds the limit")
            {
                return Finding(
                    kind: .evicted, what: "the pod used more local storage than its limit",
                    evidence: "\(oneLine(pod.message)), \(place(pod))",
                    remedy: "raise the limit of `ephemeral-storage` or the volume's `sizeLimit`", blame: .task)
            }
            return cluster(.evicted, "the node evicted the pod", pod.message)
        }
        if pod.reason == "DeadlineExceeded" {
            return Finding(
                kind: .deadline, what: "the pod ran longer than its `activeDeadlineSeconds`",
                evidence: "\(oneLine(pod.message)), \(place(pod))", remedy: "raise the deadline in the template",
                blame: .task)
        }
        if [
            "NodeShutdown", "Shutdown", "Terminated", "NodeLost", "Preempting", "NodeAffinity",
            "UnexpectedAdmissionError",
        ]
        .contains(pod.reason) || pod.reason.hasPrefix("OutOf") {
            return cluster(
                pod.reason == "NodeLost" ? .nodeLost : .infrastructure,
                "the node refused or ended the pod (\(pod.reason))",
                pod.message)
        }
        guard let disruption = pod.disruption else { return nil }
        // A stale condition on a pod that finished by itself is not its end.
        if case .terminated(0, _, _, _) = pod.task.state, pod.phase == "Succeeded", !pod.isDeleting { return nil }
        switch disruption.reason {
        case "PreemptionByScheduler":
            return cluster(.preempted, "a pod of higher priority took the place", disruption.message)
        case "DeletionByPodGC": return cluster(.nodeLost, "the node is gone", disruption.message)
        case "DeletionByTaintManager": return cluster(.nodeLost, "the node was tainted", disruption.message)
        case "EvictionByEvictionAPI":
            return cluster(.evicted, "the pod was evicted through the API", disruption.message)
        default: return cluster(.infrastructure, "the pod was disrupted (\(disruption.reason))", disruption.message)
        }
    }

    private static func outOfMemory(_ pod: PodReading, _ detail: String) -> Finding {
        let limit = pod.task.memoryLimit.map { "its limit of \($0)" } ?? "the node's memory"
        let verdict = pod.verdict
        let evidence = [
            place(pod), verdict?.peakMemory.map { "peak \($0 >> 20) MiB" } ?? "", oneLine(verdict?.cause ?? detail),
        ].filter { !$0.isEmpty }.joined(separator: ", ")
        return Finding(
            kind: .outOfMemory, what: "the container exceeded \(limit)", evidence: evidence,
            remedy: "raise memory (hyperparameter Kubernetes/memory) or lower the batch size", blame: .task)
    }

    private static func initFailed(
        _ container: PodReading.Container, _ exit: Int32, _ reason: String, _ message: String, _ pod: PodReading
    ) -> Finding {
        Finding(
            kind: .startFailure, what: "init container `\(container.name)` ended with exit code \(exit) (\(reason))",
            evidence: [place(pod), oneLine(message)].filter { !$0.isEmpty }.joined(separator: ", "),
            remedy: "see `kubectl logs \(pod.name) -c \(container.name)`", blame: .cluster)
    }

    private static func neverRan(_ pod: PodReading) -> Finding {
        if pod.isDeleting, pod.reason.isEmpty {
            return Finding(
                kind: .deleted, what: "the pod was deleted by someone outside glue before it ran",
                evidence: place(pod), remedy: "enqueue the task again", blame: .cluster)
        }
        return infrastructure(
            pod.reason.isEmpty ? "the pod ended before its task container ran" : "the pod ended early (\(pod.reason))",
            pod)
    }

    private static func infrastructure(_ what: String, _ pod: PodReading) -> Finding {
        Finding(
            kind: .infrastructure, what: what,
            evidence: [oneLine(pod.message), place(pod)].filter { !$0.isEmpty }.joined(separator: ", "),
            remedy: "enqueue the task again", blame: .cluster)
    }

    private static func place(_ pod: PodReading) -> String {
        pod.node.map { "pod \(pod.name) on node \($0)" } ?? "pod \(pod.name)"
    }

    /// The first 300 characters, on one line.
    private static func oneLine(_ text: String) -> String {
        String(text.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(300))
    }
}

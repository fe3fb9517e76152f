/// Judges a pod that is not terminal. Reasons are the kubelet's and the scheduler's own
/// (pkg/kubelet/images/types.go, pkg/kubelet/container/sync_result.go, pkg/scheduler).
extension Waiting {
    /// What `pod` waits for, and whether waiting helps. `restricted` pods of a queue have `pendingTimeout`.
    static func of(_ pod: PodReading, pendingTimeout: Duration?) -> Waiting {
        let limit = pendingTimeout ?? .seconds(1_000_000_000)
        for container in pod.initContainers + [pod.task] + pod.others {
            if case .waiting(let reason, let message) = container.state, !isOrdinary(reason) {
                // Whatever patience its kind deserves: not more than the queue has.
                return waiting(container, reason, message, pod, limit).within(limit)
            }
        }
        if pod.node == nil { return unbound(pod, limit) }
        if pod.taskMayHaveStarted { return .patience(note: nil) }
        return .giveUp(
            Finding(
                kind: .pendingTimeout, what: "containers are still being prepared", evidence: place(pod),
                remedy: "see `kubectl describe pod \(pod.name)` for mounts, networks and image pulls", blame: .cluster),
            after: limit)
    }

    private func within(_ limit: Duration) -> Waiting {
        if case .giveUp(let finding, let after) = self { .giveUp(finding, after: min(after, limit)) } else { self }
    }

    private static func isOrdinary(_ reason: String) -> Bool {
        reason.isEmpty || reason == "ContainerCreating" || reason == "PodInitializing"
    }

    private static func place(_ pod: PodReading) -> String {
        pod.node.map { "pod \(pod.name) on node \($0)" } ?? "pod \(pod.name)"
    }

    private static func unbound(_ pod: PodReading, _ limit: Duration) -> Waiting {
        guard let unscheduled = pod.unscheduled else {
            let what =
                pod.scheduledConditionPresent ? "the pod waits for its node" : "no scheduler has looked at the pod"
            return .giveUp(
                Finding(
                    kind: .unschedulable, what: what, evidence: place(pod),
                    remedy: "check `schedulerName` in the template and that the scheduler runs", blame: .cluster),
                after: limit)
        }
        let finding = Finding(
            kind: .unschedulable, what: "no node can take the pod now", evidence: unscheduled.message,
            remedy: "ask for less, add nodes, or raise `pendingTimeout` of the queue", blame: .task)
        if unscheduled.reason == "SchedulingGated" { return .patience(note: finding) }
        return .giveUp(finding, after: limit)
    }

    private static func waiting(
        _ container: PodReading.Container, _ reason: String, _ message: String, _ pod: PodReading, _ limit: Duration
    ) -> Waiting {
        func finding(_ kind: Finding.Class, _ what: String, _ remedy: String, _ blame: Finding.Blame) -> Finding {
            let detail = message.isEmpty ? reason : "\(reason): \(message)"
            return Finding(kind: kind, what: what, evidence: "\(detail), \(place(pod))", remedy: remedy, blame: blame)
        }
        switch reason {
        case "ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError",
            "SignatureValidationFailed":
            return pull(container, message, limit, finding)
        case "InvalidImageName":
            return .giveUp(
                finding(
                    .image, "`\(container.image)` is no valid image name", "correct the task's container image", .task),
                after: .zero)
        case "ErrImageNeverPull":
            return .giveUp(
                finding(
                    .image,
                    "image `\(container.image)` is not on the node and `imagePullPolicy: Never` forbids pulling",
                    "load the image on the nodes or change the policy in the template", .task), after: .seconds(60))
        case "CreateContainerConfigError":
            return .giveUp(
                finding(
                    .configuration, "container `\(container.name)` cannot be configured",
                    "create what is missing, or correct the template", .task), after: .seconds(60))
        case "CreateContainerError", "RunContainerError", "PreCreateHookError", "PreStartHookError",
            "PostStartHookError":
            return .giveUp(
                finding(
                    .startFailure, "container `\(container.name)` cannot be created",
                    "see `kubectl describe pod \(pod.name)`", .cluster), after: .seconds(180))
        case "CrashLoopBackOff":
            return .giveUp(
                finding(
                    .startFailure, "container `\(container.name)` keeps crashing (\(container.restarts) restarts)",
                    "see `kubectl logs \(pod.name) -c \(container.name)`", .task), after: .seconds(60))
        default:
            return .giveUp(
                finding(
                    .startFailure, "container `\(container.name)` waits", "see `kubectl describe pod \(pod.name)`",
                    .cluster),
                after: limit)
        }
    }

    /// Image pulls: what the registry said decides between the author's mistake and the network's.
    private static func pull(
        _ container: PodReading.Container, _ message: String, _ limit: Duration,
        _ finding: (Finding.Class, String, String, Finding.Blame) -> Finding
    ) -> Waiting {
        let text = message.lowercased()
        func says(_ phrases: String...) -> Bool { phrases.contains { text.contains($0) } }
        let image = "image `\(container.image)`"
        if says("toomanyrequests", "429 too many requests") {
            return .giveUp(
                finding(
                    .image, "the registry limits pulls of \(image)", "wait, or use a mirror or a pull secret", .cluster),
                after: min(.seconds(1800), limit))
        }
        if says("unauthorized", "denied", "no basic auth", "authentication required", "forbidden") {
            return .giveUp(
                finding(
                    .image, "the registry refuses \(image)",
                    "add `imagePullSecrets` to the template, or correct the name",
                    .task), after: .seconds(5))
        }
        if says("manifest unknown", "not found", "no match for platform", "repository does not exist", "does not exist")
        {
            return .giveUp(
                finding(.image, "\(image) does not exist", "correct the task's container image", .task),
                after: .seconds(5))
        }
        if says("x509", "signature") {
            return .giveUp(
                finding(.image, "\(image) is not trusted", "give the nodes the registry's certificate", .task),
                after: .seconds(60))
        }
        // "Back-off pulling image" alone says nothing new; the first error, or the next, does.
        return .giveUp(
            finding(.image, "\(image) cannot be pulled", "check the registry and the node's network", .cluster),
            after: min(.seconds(600), limit))
    }
}

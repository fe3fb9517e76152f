internal import HTTP
internal import JSON
internal import OS
internal import Synchronization

/// What is done to single pods from outside the API.
extension Kubelet {
    private func worker(_ namespace: String, _ name: String) -> PodWorker? {
        entries.withLock { entries in
            entries.values.first { $0.pod.podNamespace == namespace && $0.pod.podName == name && !$0.isGone }?.worker
        }
    }

    /// Evicts a pod, as a node short of something does. `false`: no such pod runs here.
    public func evict(namespace: String, name: String, message: String) -> Bool {
        worker(namespace, name)?.end(.evicted(message: message)) ?? false
    }

    /// Takes a pod away without a trace: killed, removed, no status. `false`: no such pod runs here.
    public func lose(namespace: String, name: String) -> Bool {
        worker(namespace, name)?.end(.lost) ?? false
    }

    /// Where the log of a container is, and whether it may still grow; `nil`: there is none.
    func log(_ namespace: String, _ name: String, _ container: String, previous: Bool) -> (
        path: String, isGrowing: @Sendable () -> Bool
    )? {
        guard let worker = worker(namespace, name), let progress = worker.progress[container] else { return nil }
        let attempt = progress.restarts - (previous ? 1 : 0)
        guard attempt >= 0, progress.containerID != nil else { return nil }
        let path = ContainerPlan.log(node.folder(of: worker.pod), container, attempt: attempt)
        return (path, { !previous && worker.live(container) != nil })
    }
}

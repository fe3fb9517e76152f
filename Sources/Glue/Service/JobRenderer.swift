import ClearMLClient
import JSON
import KubeClient

/// Renders held Jobs with everything about this glue filled in.
struct JobRenderer: Sendable {
    private let connections: Connections
    private let pendingQueue: String

    init(_ connections: Connections, pendingQueue: String) {
        self.connections = connections
        self.pendingQueue = pendingQueue
    }

    /// The Job of one attempt of `task`, claimed out of `queue`.
    func render(
        _ task: TaskRecord, _ queue: WatchedQueue, _ enqueue: Enqueue, _ attempt: Int
    ) throws(RenderProblems) -> Rendered {
        let configuration = connections.configuration
        guard let settings = configuration.queues.first(where: { $0.name == queue.name }) else {
            preconditionFailure("queues are resolved from this configuration")
        }
        var rendered = try Glue.render(
            RenderInput(
                task: task, queue: settings, queueID: queue.id, queueName: queue.name, added: enqueue.added,
                enqueueHash: enqueue.hash, attempt: attempt, instanceHash: connections.instance.hash,
                instanceName: connections.instance.name, namespace: configuration.kubernetes.namespace,
                cluster: configuration.cluster, pendingQueueID: pendingQueue, executor: configuration.executor,
                defaultImage: configuration.defaultImage))
        // Known since 1.28, on by default since 1.29: no replacement before the old pod is dead.
        if connections.kubernetesVersion >= ServerVersion(major: 1, minor: 29) {
            var spec = rendered.job["spec"] ?? [:]
            spec["podReplacementPolicy"] = "Failed"
            rendered.job["spec"] = spec
        }
        return rendered
    }
}

internal import JSON
internal import OS
internal import Synchronization

/// Why a pod is ended from outside its containers.
enum PodEnding: Sendable, Equatable {
    /// The API has marked it for deletion: terminate with grace, write the last status, remove the object.
    case deleted(grace: Duration)
    /// The object is gone: kill, there is nowhere to write to.
    case gone
    /// It has run past `activeDeadlineSeconds`.
    case deadline
    /// The node wants its resources back.
    case evicted(message: String)
    /// Taken away as if it had never been: killed, the object removed, no status written.
    case lost
    /// The sandbox stops.
    case stopping

    /// How long containers have after SIGTERM.
    func grace(of pod: JSONValue) -> Duration {
        switch self {
        case .deleted(let grace): grace
        case .deadline: .seconds(pod.at("spec", "terminationGracePeriodSeconds")?.integer ?? 30)
        case .gone, .evicted, .lost, .stopping: .zero
        }
    }

    /// Whether it takes the place of the ending that is under way.
    func replaces(_ before: PodEnding?) -> Bool {
        guard let before else { return true }
        guard before.isReported else { return false }
        return switch (before, self) {
        case (.deleted(let old), .deleted(let new)): new < old
        case (_, .deleted), (_, .gone), (_, .lost), (_, .stopping): true
        case (_, .deadline), (_, .evicted): false
        }
    }

    /// Whether anybody reads what happens to the pod from here on.
    var isReported: Bool {
        switch self {
        case .deleted, .deadline, .evicted: true
        case .gone, .lost, .stopping: false
        }
    }
}

/// Runs one pod on this machine, from its binding to its end, and keeps its status true.
final class PodWorker: Sendable {
    private struct State {
        var progress: PodProgress
        var ending: PodEnding?
        var script: Task<Void, Never>?
        var live: [String: ContainerProcess] = [:]
        var isClosed = false
    }

    let pod: JSONValue
    let node: Node
    private let state: Mutex<State>
    private let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    init(pod: JSONValue, node: Node) {
        self.pod = pod
        self.node = node
        state = Mutex(State(progress: PodProgress(pod: pod, startTime: node.configuration.now())))
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Runs the pod. Returns when no process of it is left and its last status is written.
    func run() async {
        // Tasks of their own, because an ending cancels the script alone: statuses are written to the last.
        let publisher = Task { for await _ in changes { await publish() } }
        let script = Task { await PodScript(worker: self).run() }
        let isEnding = state.withLock { state in
            state.script = script
            return state.ending != nil
        }
        if isEnding { script.cancel() }
        let deadline = pod.at("spec", "activeDeadlineSeconds")?.integer.map { seconds in
            Task {
                guard (try? await Task.sleep(for: .seconds(seconds))) != nil else { return }
                _ = end(.deadline)
            }
        }
        await script.value
        deadline?.cancel()
        changed.finish()
        await publisher.value
        await close()
    }

    /// Ends the pod. A later ending replaces one that is less urgent. `false`: the pod has ended already.
    @discardableResult
    func end(_ ending: PodEnding) -> Bool {
        let action = state.withLock { state -> (live: [String: ContainerProcess], script: Task<Void, Never>?)? in
            if state.isClosed { return nil }
            guard ending.replaces(state.ending) else { return ([:], nil) }
            state.ending = ending
            switch ending {
            case .deadline:
                state.progress.reason = "DeadlineExceeded"
                state.progress.message = "Pod was active on the node longer than the specified deadline"
            case .evicted(let message):
                state.progress.reason = "Evicted"
                state.progress.message = message
                state.progress.disruption = message
            case .deleted, .gone, .lost, .stopping: break
            }
            return (state.live, state.script)
        }
        guard let action else { return false }
        action.script?.cancel()
        for process in action.live.values { process.terminate(grace: ending.grace(of: pod)) }
        // A task of its own: `end` is called where nobody can wait, and the signal must not wait for the event.
        if ending.isReported { Task { await report(ending, Array(action.live.keys)) } }
        return true
    }

    private func report(_ ending: PodEnding, _ live: [String]) async {
        switch ending {
        case .deadline:
            await node.events.record(
                pod, "DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
        case .evicted(let message): await node.events.record(pod, warning: true, "Evicted", message)
        case .deleted, .gone, .lost, .stopping: break
        }
        for name in live.sorted() {
            let part = pod.containers.contains { $0.containerName == name } ? "containers" : "initContainers"
            await node.events.record(pod, field: "spec.\(part){\(name)}", "Killing", "Stopping container \(name)")
        }
    }

    /// What is ending the pod, if anything.
    var ending: PodEnding? { state.withLock { $0.ending } }

    /// Where the pod stands.
    var progress: PodProgress { state.withLock { $0.progress } }

    /// Changes where the pod stands; the status follows.
    func update(_ change: (inout PodProgress) -> Void) {
        state.withLock { change(&$0.progress) }
        changed.yield()
    }

    /// Takes note of a running process. One that starts while the pod ends is ended at once.
    func attach(_ process: ContainerProcess, _ name: String) {
        let ending = state.withLock { state in
            state.live[name] = process
            return state.ending
        }
        if let ending { process.terminate(grace: ending.grace(of: pod)) }
    }

    /// The process has ended.
    func detach(_ name: String) { state.withLock { $0.live[name] = nil } }

    /// The processes that run.
    func live(_ name: String) -> ContainerProcess? { state.withLock { $0.live[name] } }

    // MARK: Status

    private func publish() async {
        do throws(KubeletError) {
            try await node.api.writeStatus(of: pod) { current in
                let (progress, ending) = state.withLock { ($0.progress, $0.ending) }
                // Nobody is to learn of a pod that is taken away without a trace.
                if let ending, !ending.isReported { return current["status"] ?? [:] }
                return PodStatus(pod: current, progress: progress, now: node.configuration.now()).status()
            }
        } catch {
            await node.events.record(pod, warning: true, "FailedStatus", "cannot write the pod's status: \(error)")
        }
    }

    private func close() async {
        let ending = state.withLock { state in
            state.isClosed = true
            return state.ending
        }
        switch ending {
        case nil, .deadline, .evicted: await publish()
        case .deleted:
            state.withLock { $0.progress.isAbandoned = true }
            await publish()
            await remove()
        case .lost: await remove()
        case .gone, .stopping: break
        }
    }

    private func remove() async {
        do throws(KubeletError) {
            try await node.api.remove(pod)
        } catch {
            await node.events.record(pod, warning: true, "FailedRemoval", "cannot remove the pod: \(error)")
        }
    }
}

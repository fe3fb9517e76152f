public import HTTP
import JSON
import OS
import Synchronization

/// What the API answers: a response, or one whose body goes on.
public enum KubeReply: Sendable {
    /// Read whole.
    case whole(HTTPResponse)
    /// A watch or a followed log.
    case stream(HTTPStream)
}

/// A Kubernetes-compatible API with its store, garbage collector and Job controller, in memory and without a network.
///
/// `respond(to:)` is the API as clients see it; `run()` lets the controllers work and time pass. A kubelet uses the
/// calls in `KubeSandbox+Cluster.swift`, which go through the same store.
public final class KubeSandbox: Sendable {
    let configuration: KubeConfiguration
    private let state: Mutex<ClusterState>
    /// Watches whose readers have left. A lock of its own: a reader leaves under its task's lock, and the state's
    /// holder takes that one when it yields to a watch, so a reader that took the state's lock would meet it head-on.
    private let departed = Mutex<Set<Int>>([])
    private let logSource = Mutex<PodLogSource?>(nil)
    private let wakeUps: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// A cluster with its namespaces and its one node.
    public init(configuration: KubeConfiguration = KubeConfiguration()) throws(KubeRefusal) {
        self.configuration = configuration
        var fresh = ClusterState(configuration: configuration)
        try fresh.bootstrap()
        // Nobody has seen the making of the cluster, so nobody has to hear of it again.
        fresh.store.compact(keeping: 0)
        self.state = Mutex(fresh)
        (wakeUps, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// One change or look at the cluster, alone.
    func withState<Result: Sendable>(
        _ body: (inout sending ClusterState) throws(KubeRefusal) -> sending Result
    ) throws(KubeRefusal) -> Result {
        let result = state.withLock { state -> (Swift.Result<Result, KubeRefusal>, Bool) in
            let result: Swift.Result<Result, KubeRefusal>
            do throws(KubeRefusal) { result = .success(try body(&state)) } catch { result = .failure(error) }
            return (result, !state.dirtyJobs.isEmpty || !state.orphanedPods.isEmpty)
        }
        if result.1 { wake.yield() }
        return try result.0.get()
    }

    /// Where the logs of pods come from: the kubelet sets this. Without it, logs are refused.
    public func servePodLogs(_ source: @escaping PodLogSource) { logSource.withLock { $0 = source } }

    var podLogs: PodLogSource? { logSource.withLock { $0 } }

    /// Lets the controllers work whenever something changes, and time pass for watches and Jobs, until cancelled.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in self.wakeUps { self.settle() }
            }
            group.addTask {
                while true {
                    // Fails only when cancelled: then there is nothing left to do.
                    do { try await Task.sleep(for: .milliseconds(200)) } catch { return }
                    self.settle()
                }
            }
        }
        closeWatches()
    }

    /// Lets the controllers do all that is to be done now; `run` does it again and again.
    public func settle() {
        let departed = takeDeparted()
        state.withLock { state in
            for id in departed { state.watches.remove(id) }
            state.settle()
        }
    }

    private func takeDeparted() -> Set<Int> {
        departed.withLock { departed in
            defer { departed = [] }
            return departed
        }
    }

    /// Forgets the history up to now: watches and lists of an older version get 410 Gone.
    public func compact() {
        state.withLock { $0.store.compact(keeping: 0) }
    }

    /// Ends every open watch, as a restarting API server does.
    public func closeWatches() {
        state.withLock { $0.watches.closeAll() }
    }

    /// How many watches are open.
    public var openWatches: Int {
        let departed = takeDeparted()
        return state.withLock { state in
            for id in departed { state.watches.remove(id) }
            return state.watches.count
        }
    }

    /// Opens a watch; its end, from whichever side, takes it out of the list.
    func openWatch(
        _ scope: Scope, wantsBookmarks: Bool, timeout: Duration?, queueLimit: Int,
        from: (ClusterState) throws(KubeRefusal) -> [KubeChange]
    ) throws(KubeRefusal) -> WatchFeed {
        let (changes, continuation) = AsyncStream.makeStream(
            of: KubeChange.self, bufferingPolicy: .bufferingOldest(queueLimit))
        let (initial, id) = try withState { state throws(KubeRefusal) -> ([KubeChange], Int) in
            let initial = try from(state)
            let now = state.now
            return (
                initial,
                state.watches.add(
                    Watches.Watch(
                        scope: scope, wantsBookmarks: wantsBookmarks, end: timeout.map { now + $0 },
                        nextBookmark: now + state.configuration.bookmarkInterval, changes: continuation))
            )
        }
        continuation.onTermination = { [weak self] reason in
            // `finished` is our own doing, under the lock, and already off the list.
            guard case .cancelled = reason else { return }
            self?.departed.withLock { _ = $0.insert(id) }
        }
        return WatchFeed(initial: initial, changes: changes)
    }

    /// Answers one request. `request.url` is the path with its query.
    public func respond(to request: HTTPRequest) async -> KubeReply {
        do throws(KubeRefusal) {
            return try await answer(request)
        } catch {
            return .whole(Response.refusal(error))
        }
    }
}

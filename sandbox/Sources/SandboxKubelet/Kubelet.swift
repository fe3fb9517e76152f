internal import Glibc
public import HTTP
internal import JSON
internal import OS
internal import Synchronization

/// The scheduler and the kubelet of the sandbox's one node: pods become processes of this machine.
///
/// **Guarantees.** A container's processes live in a pid namespace whose first process they cannot outlive; bubblewrap
/// dies with the sandbox. When `run` returns, nothing of any pod runs.
/// **Caveats.** Pods share the machine's network and see its root filesystem read-only. Memory is limited where cgroups
/// can be written, and the node's `MemoryLimits` condition says whether they can.
public final class Kubelet: Sendable {
    struct Entry: Sendable {
        var pod: JSONValue
        var worker: PodWorker?
        var hasEnded = false
        var isGone = false
    }

    let node: Node
    let scheduling: Scheduling
    let memoryProblem: String?
    let entries = Mutex<[String: Entry]>([:])
    /// Asks the scheduler for a look; many asks become one.
    let kick: AsyncStream<Void>.Continuation
    let kicks: AsyncStream<Void>

    /// A kubelet that reaches its API through `transport`, at `base`, as `token`.
    /// - Throws: `KubeletError.machine` when bubblewrap is missing or does not work here.
    public init(
        configuration: KubeletConfiguration, transport: any HTTPTransport, base: String, token: Secret<String>
    ) async throws(KubeletError) {
        (kicks, kick) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let api = KubeletAPI(transport: transport, base: base, token: token)
        try await Self.tryBubblewrap(configuration)
        // The cluster is new, so whatever pods an earlier sandbox left here are nobody's.
        Folders.remove(configuration.stateFolder + "/pods")
        let cgroups: MemoryCgroups?
        switch MemoryCgroups.prepare() {
        case .success(let prepared):
            cgroups = prepared
            memoryProblem = nil
        case .failure(let error):
            cgroups = nil
            memoryProblem = "memory limits are not enforced: \(error)"
        }
        node = Node(
            configuration: configuration, api: api,
            events: EventRecorder(api: api, nodeName: configuration.nodeName, now: configuration.now), cgroups: cgroups,
            imageID: "sha256:" + randomHex(bytes: 32))
        var labels = [
            "kubernetes.io/hostname": configuration.nodeName, "kubernetes.io/os": "linux",
            "kubernetes.io/arch": Self.architecture,
        ]
        labels.merge(configuration.labels) { $1 }
        scheduling = Scheduling(nodeName: configuration.nodeName, labels: labels, capacity: configuration.capacity)
    }

    private static var architecture: String {
        #if arch(arm64)
            "arm64"
        #else
            "amd64"
        #endif
    }

    private static func tryBubblewrap(_ configuration: KubeletConfiguration) async throws(KubeletError) {
        let path = configuration.bubblewrap
        guard access(path, X_OK) == 0 else {
            throw .machine(
                "bubblewrap is not at `\(path)`: install it (Debian: apt-get install bubblewrap); pods run in it")
        }
        let log = configuration.stateFolder + "/bubblewrap-trial.log"
        let end: ProcessEnd
        do throws(OSError) {
            try Files.makeFolder(configuration.stateFolder, mode: 0o700)
            LogFile.clear(log)
            end = try await ContainerProcess.start(
                bubblewrap: path,
                options: [
                    "--unshare-pid", "--as-pid-1", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc",
                    "--dev",
                    "/dev",
                ], command: ["/bin/true"], log: log, cgroup: nil
            ).end()
        } catch {
            throw .machine("bubblewrap cannot be tried: \(error)")
        }
        guard end == .exited(0) else {
            let said = String(decoding: LogFile.tail(log, bytes: 500), as: UTF8.self)
            throw .machine("bubblewrap does not work on this machine: \(said.isEmpty ? "it says nothing" : said)")
        }
    }

    /// Works until cancelled; then kills every pod's processes and returns when they are gone.
    public func run() async {
        await describeNode()
        await withDiscardingTaskGroup { pods in
            pods.addTask { await self.scheduleForever() }
            while !Task.isCancelled {
                do throws(KubeletError) {
                    let list = try await node.api.call(.get, "/api/v1/pods")
                    await relist(list["items"]?.array ?? [], &pods)
                    let version = list.at("metadata", "resourceVersion")?.string ?? "0"
                    var isStale = false
                    try await node.api.watch("/api/v1/pods?watch=true&resourceVersion=\(version)") { event in
                        guard !isStale, let pod = event["object"] else { return }
                        if event["type"]?.string == "ERROR" {
                            isStale = true
                        } else {
                            await see(pod, isDeleted: event["type"]?.string == "DELETED", &pods)
                        }
                    }
                } catch {
                    // The API restarts or is told to fail: the next list tells all that was missed.
                    await pause(.milliseconds(500))
                }
            }
            for entry in entries.withLock({ Array($0.values) }) { entry.worker?.end(.stopping) }
        }
        node.cgroups?.remove()
    }

    // MARK: Seeing pods

    private func relist(_ pods: [JSONValue], _ group: inout DiscardingTaskGroup) async {
        let present = Set(pods.map(\.podUID))
        let vanished = entries.withLock { entries in
            entries.values.filter { !present.contains($0.pod.podUID) && !$0.isGone }.map(\.pod)
        }
        for pod in vanished { await see(pod, isDeleted: true, &group) }
        for pod in pods { await see(pod, isDeleted: false, &group) }
    }

    private func see(_ pod: JSONValue, isDeleted: Bool, _ group: inout DiscardingTaskGroup) async {
        if isDeleted {
            forget(pod)
            kick.yield()
            return
        }
        entries.withLock { entries in
            var newest = pod
            // An event from before the binding must not free the place that was given.
            if pod.nodeName == nil, let place = entries[pod.podUID]?.pod.nodeName {
                newest["spec"]?["nodeName"] = .string(place)
            }
            entries[pod.podUID, default: Entry(pod: pod)].pod = newest
        }
        guard let place = pod.nodeName else {
            kick.yield()
            return
        }
        guard place == node.configuration.nodeName else { return }
        let worker = entries.withLock { $0[pod.podUID]?.worker }
        if pod.isDeleting {
            if worker?.end(.deleted(grace: pod.deletionGrace)) != true { try? await node.api.remove(pod) }
        } else if worker == nil, !pod.isTerminal {
            start(pod, &group)
        }
        if pod.isTerminal { kick.yield() }
    }

    private func start(_ pod: JSONValue, _ group: inout DiscardingTaskGroup) {
        let worker = PodWorker(pod: pod, node: node)
        entries.withLock { $0[pod.podUID]?.worker = worker }
        group.addTask {
            await worker.run()
            let isGone = self.entries.withLock { entries in
                entries[pod.podUID]?.hasEnded = true
                let isGone = entries[pod.podUID]?.isGone ?? true
                if isGone { entries[pod.podUID] = nil }
                return isGone
            }
            if isGone { Folders.remove(self.node.folder(of: pod)) }
        }
    }

    private func forget(_ pod: JSONValue) {
        let (worker, isOver) = entries.withLock { entries in
            guard let entry = entries[pod.podUID] else { return (PodWorker?.none, false) }
            let isOver = entry.hasEnded || entry.worker == nil
            if isOver { entries[pod.podUID] = nil } else { entries[pod.podUID]?.isGone = true }
            return (entry.worker, isOver)
        }
        worker?.end(.gone)
        if isOver { Folders.remove(node.folder(of: pod)) }
    }

    /// Why memory limits are not enforced on this machine; `nil` when they are.
    public var memoryLimitsProblem: String? { memoryProblem }

}

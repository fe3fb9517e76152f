internal import JSON
internal import OS

/// Runs one container of a pod until it has ended for good.
struct ContainerRunner: Sendable {
    let container: JSONValue
    let isInit: Bool
    let worker: PodWorker
    let volumes: [String: String]

    private var pod: JSONValue { worker.pod }
    private var node: Node { worker.node }
    private var name: String { container.containerName }
    private var image: String { container["image"]?.string ?? "" }
    private var field: String { "spec.\(isInit ? "initContainers" : "containers"){\(name)}" }

    /// Runs it, again and again as `policy` says.
    func run(policy: String) async {
        var restarts = 0
        while !Task.isCancelled {
            guard await pull(), let attempt = await plan(restarts), let end = await execute(attempt, restarts) else {
                return
            }
            let isAgain = policy == "Always" || (policy == "OnFailure" && end.exitCode != 0)
            guard isAgain, !Task.isCancelled else {
                set { $0.isFinal = true }
                return
            }
            restarts += 1
            await waitBeforeRestart(restarts, after: end)
        }
    }

    private func set(_ change: (inout ContainerProgress) -> Void) {
        worker.update { progress in
            guard var mine = progress[name] else { return }
            change(&mine)
            progress[name] = mine
        }
    }

    private func event(_ reason: String, _ message: String, warning: Bool = false) async {
        await node.events.record(pod, field: field, warning: warning, reason, message)
    }

    // MARK: Image

    /// Until the image is there; `false` when the pod ends before that.
    private func pull() async -> Bool {
        let policy = container["imagePullPolicy"]?.string ?? "IfNotPresent"
        var failures = 0
        while !Task.isCancelled {
            switch ImageRule(image) {
            case .present:
                if policy == "Always" {
                    await event("Pulling", "Pulling image \"\(image)\"")
                    await event(
                        "Pulled",
                        "Successfully pulled image \"\(image)\" in 1ms (1ms including waiting). Image size: 0 bytes.")
                } else {
                    await event(
                        "Pulled",
                        "Container image \"\(image)\" already present on machine and can be accessed by the pod")
                }
                return true
            case .invalidName(let message):
                set { $0.state = .waiting(reason: "InvalidImageName", message: message) }
                await event("InspectFailed", message, warning: true)
                await event("Failed", "Error: InvalidImageName", warning: true)
                await pause(node.configuration.retryInterval)
            case .refused where policy == "Never":
                let message = "Container image \"\(image)\" is not present with pull policy of Never"
                set { $0.state = .waiting(reason: "ErrImageNeverPull", message: message) }
                await event("ErrImageNeverPull", message, warning: true)
                await event("Failed", "Error: ErrImageNeverPull", warning: true)
                await pause(node.configuration.retryInterval)
            case .refused(let message):
                failures += 1
                await refused(message, failures)
            }
        }
        return false
    }

    private func refused(_ message: String, _ failures: Int) async {
        await event("Pulling", "Pulling image \"\(image)\"")
        set { $0.state = .waiting(reason: "ErrImagePull", message: message) }
        await event("Failed", "Failed to pull image \"\(image)\": \(message)", warning: true)
        await event("Failed", "Error: ErrImagePull", warning: true)
        // A kubelet shows the error itself until it looks at the pod again.
        let wait = node.backoff(failures)
        let shown = min(wait / 2, .seconds(1))
        await pause(shown)
        guard !Task.isCancelled else { return }
        set {
            $0.state = .waiting(
                reason: "ImagePullBackOff", message: "Back-off pulling image \"\(image)\": ErrImagePull: \(message)")
        }
        await event("BackOff", "Back-off pulling image \"\(image)\"")
        await event("Failed", "Error: ImagePullBackOff", warning: true)
        await pause(wait - shown)
    }

    // MARK: One attempt

    /// Until all that the container refers to is there; `nil` when the pod ends before that.
    private func plan(_ attempt: Int) async -> ContainerPlan? {
        while !Task.isCancelled {
            do throws(ContainerProblem) {
                return try await ContainerPlan(container, of: pod, on: node, volumes: volumes, attempt: attempt)
            } catch {
                set { $0.state = .waiting(reason: error.reason, message: error.message) }
                await event("Failed", "Error: \(error.message)", warning: true)
                await pause(node.configuration.retryInterval)
            }
        }
        return nil
    }

    /// Starts the process and waits for its end; `nil` when the pod ended before it could be started.
    private func execute(_ plan: ContainerPlan, _ attempt: Int) async -> ContainerEnd? {
        let id = "containerd://" + randomHex(bytes: 32)
        var cgroup: MemoryCgroup?
        let process: ContainerProcess
        do throws(OSError) {
            if let limit = plan.memoryLimit, let cgroups = node.cgroups {
                cgroup = try cgroups.make("\(pod.podUID)-\(name)-\(attempt)", limit: limit)
            }
            await event("Created", "Container created")
            guard !Task.isCancelled else {
                await cgroup?.remove()
                return nil
            }
            process = try await ContainerProcess.start(
                bubblewrap: node.configuration.bubblewrap, options: plan.options, command: plan.command, log: plan.log,
                cgroup: cgroup)
        } catch {
            await cgroup?.remove()
            return await failToStart(error.description, id)
        }
        worker.attach(process, name)
        let isExecuted = await process.started()
        let startedAt = node.configuration.now()
        if isExecuted {
            set {
                $0.state = .running(since: startedAt)
                $0.containerID = id
                $0.imageID = node.imageID
            }
            await event("Started", "Container started")
        }
        let end = await process.end()
        worker.detach(name)
        let result = await self.end(end, plan, cgroup, startedAt, id)
        await cgroup?.remove()
        return result
    }

    private func end(
        _ end: ProcessEnd, _ plan: ContainerPlan, _ cgroup: MemoryCgroup?, _ startedAt: Timestamp, _ id: String
    ) async -> ContainerEnd {
        switch end {
        case .neverStarted(let why):
            LogFile.clear(plan.log)
            return await failToStart(StartFailure.message(why, command: plan.command), id)
        case .exited(let code):
            let isOutOfMemory = (cgroup?.kills() ?? 0) > 0
            let result = ContainerEnd(
                exitCode: code, reason: isOutOfMemory ? "OOMKilled" : code == 0 ? "Completed" : "Error",
                message: plan.terminationMessage(container, failed: code != 0 || isOutOfMemory), startedAt: startedAt,
                finishedAt: node.configuration.now(), containerID: id)
            set {
                $0.state = .terminated(result)
                $0.containerID = id
                $0.imageID = node.imageID
            }
            return result
        }
    }

    private func failToStart(_ message: String, _ id: String) async -> ContainerEnd {
        let result = ContainerEnd(
            exitCode: 128, reason: "StartError", message: message, startedAt: nil, finishedAt: node.configuration.now(),
            containerID: id)
        set {
            $0.state = .terminated(result)
            $0.containerID = id
            $0.imageID = node.imageID
        }
        await event("Failed", "Error: \(message)", warning: true)
        return result
    }

    private func waitBeforeRestart(_ restarts: Int, after end: ContainerEnd) async {
        // The first restart comes at once, those after it wait longer and longer.
        let wait = restarts == 1 ? Duration.zero : node.backoff(restarts - 1)
        if wait > .zero {
            let what = "restarting failed container \(name) in pod \(pod.podName)_\(pod.podNamespace)(\(pod.podUID))"
            set {
                $0.last = end
                $0.state = .waiting(reason: "CrashLoopBackOff", message: "back-off \(wait.components.seconds)s \(what)")
            }
            await event("BackOff", "Back-off \(what)", warning: true)
        }
        await pause(wait)
        guard !Task.isCancelled else { return }
        set {
            $0.last = end
            $0.restarts = restarts
        }
    }
}

/// Why a container's command could not be executed, as a container runtime says it.
enum StartFailure {
    private static let start =
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "

    /// From bubblewrap's last line.
    static func message(_ line: String, command: [String]) -> String {
        let program = command.first ?? ""
        let shown = "exec: \"\(program)\": "
        if line.contains("execvp"), line.hasSuffix("No such file or directory") {
            let why =
                program.contains("/")
                ? "stat \(program): no such file or directory" : "executable file not found in $PATH"
            return start + shown + why + ": unknown"
        }
        if line.contains("execvp"), line.hasSuffix("Permission denied") {
            return start + shown + "permission denied: unknown"
        }
        if line.contains("execvp"), line.hasSuffix("Exec format error") { return start + "exec format error: unknown" }
        return start + line + ": unknown"
    }
}

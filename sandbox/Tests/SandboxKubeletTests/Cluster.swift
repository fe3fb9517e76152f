import Foundation
import HTTP
import JSON
import OS
import SandboxKube
import Testing

@testable import SandboxKubelet

/// A cluster with a kubelet in a folder of its own, for one test.
struct Cluster: Sendable {
    let kube: KubeSandbox
    let kubelet: Kubelet
    let folder: String

    /// Runs `body` in a fresh cluster; afterwards nothing of it is left.
    static func with(
        capacity: [String: String] = ["cpu": "8", "memory": "16Gi", "pods": "110"], binds: [HostBind] = [],
        _ body: @escaping @Sendable (Cluster) async throws -> Void
    ) async throws {
        let folder = NSTemporaryDirectory() + "kubelet-\(randomHex(bytes: 6))"
        defer { Folders.remove(folder) }
        let token = Secret("t")
        var settings = KubeConfiguration(tokens: ["t": .administrator()])
        settings.nodeCapacity = capacity
        let kube = try KubeSandbox(configuration: settings)
        var configuration = KubeletConfiguration(stateFolder: folder, bubblewrap: "/usr/bin/bwrap")
        configuration.capacity = capacity
        configuration.binds = binds
        configuration.backoff = .milliseconds(400)
        configuration.retryInterval = .milliseconds(50)
        let kubelet = try await Kubelet(
            configuration: configuration, transport: InProcessTransport(to: kube), base: "", token: token)
        kube.servePodLogs { await kubelet.podLog(namespace: $0, pod: $1, container: $2, options: $3) }
        let cluster = Cluster(kube: kube, kubelet: kubelet, folder: folder)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await kube.run() }
            group.addTask { await kubelet.run() }
            defer { group.cancelAll() }
            try await body(cluster)
        }
    }

    /// Makes a pod of one container called `task`, with more of the spec as JSON.
    @discardableResult
    func pod(_ name: String, _ command: [String], container: JSONValue = [:], spec: JSONValue = [:]) throws -> JSONValue
    {
        var task = container
        task["name"] = "task"
        if task["image"] == nil { task["image"] = "sandbox.local/host:1" }
        if !command.isEmpty { task["command"] = .array(command.map { .string($0) }) }
        var whole = spec
        whole["containers"] = [task]
        if whole["restartPolicy"] == nil { whole["restartPolicy"] = "Never" }
        return try kube.create(
            .pods, namespace: "default",
            [
                "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name), "labels": ["who": "me"]],
                "spec": whole,
            ])
    }

    func get(_ name: String) -> JSONValue? { kube.get(.pods, namespace: "default", name: name) }

    /// Waits until the pod is as `condition` wants it (`nil`: gone), at most twenty seconds.
    @discardableResult
    func until(_ name: String, _ condition: (JSONValue?) -> Bool, sourceLocation: SourceLocation = #_sourceLocation)
        async -> JSONValue
    {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(20)
        while clock.now < deadline {
            let pod = get(name)
            if condition(pod) { return pod ?? .null }
            try? await Task.sleep(for: .milliseconds(10))
        }
        Issue.record(
            "pod \(name) did not get there: \(get(name)?["status"]?.text() ?? "gone")", sourceLocation: sourceLocation)
        return get(name) ?? .null
    }

    /// Waits for the pod's end.
    func end(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) async -> JSONValue {
        await until(name, { $0?.isTerminal == true }, sourceLocation: sourceLocation)
    }

    /// What the API gives as the log.
    func log(_ name: String, query: String = "") async throws -> String {
        let request = HTTPRequest(
            .get, "/api/v1/namespaces/default/pods/\(name)/log\(query)", headers: ["Authorization": "Bearer t"])
        return String(decoding: try await InProcessTransport(to: kube).send(request).body, as: UTF8.self)
    }
}

extension JSONValue {
    /// The state of the only container.
    var taskState: JSONValue { at("status", "containerStatuses")?[0]?["state"] ?? .null }
    var exitCode: Int? { taskState.at("terminated", "exitCode")?.int }
    var endReason: String? { taskState.at("terminated", "reason")?.string }
    var waitReason: String? { taskState.at("waiting", "reason")?.string }
    var endMessage: String? { taskState.at("terminated", "message")?.string }
}

import ArgumentParser
import Glibc
import HTTP
import OS
import SandboxClearML
import SandboxKube
import SandboxKubelet
import SandboxServer

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the sandbox until SIGTERM; DIR/ready.json says where it listens.")

    @Option(help: "Where ready.json, kubeconfig, pods and logs are kept.")
    var stateDir: String

    @Option(help: "The port of the ClearML API on 127.0.0.1; 0 takes any free one.")
    var clearmlPort = 0

    @Flag(help: "Serve the ClearML API over TLS, with the sandbox's own certificate authority.")
    var clearmlTls = false

    @Option(help: "A ClearML queue that is there from the start; may be repeated.")
    var queue: [String] = ["default"]

    @Option(help: "The port of the Kubernetes API on 127.0.0.1, over TLS; 0 takes any free one.")
    var kubePort = 0

    @Option(
        help: ArgumentHelp(
            "A host folder that every pod sees: MOUNTPATH=HOSTPATH, `:rw` at the end for a writable one; may be repeated.",
            valueName: "mount=host"))
    var bind: [String] = []

    @Option(
        help:
            "What the node has for pods beyond cpu, memory and pods: NAME=AMOUNT (`nvidia.com/gpu=2`); may be repeated."
    )
    var capacity: [String] = []

    @Option(help: "A label of the node: NAME=VALUE; may be repeated.")
    var nodeLabel: [String] = []

    @Option(
        help: ArgumentHelp(
            "Also make a token that may do everything but this, with a kubeconfig-without-VERB-RESOURCE; may be repeated.",
            valueName: "verb:resource"))
    var tokenWithout: [String] = []

    @Option(help: "The bubblewrap binary.")
    var bubblewrap = "/usr/bin/bwrap"

    @Option(help: "Seconds before a container or an image pull is tried again the first time.")
    var backoff = 10

    @Flag(help: "Log one line for each request on standard error.")
    var verbose = false

    func validate() throws {
        for text in bind where HostBind(text) == nil {
            throw ValidationError("--bind is MOUNTPATH=HOSTPATH, both absolute, found `\(text)`")
        }
        for text in tokenWithout where RestrictedToken(text) == nil {
            throw ValidationError("--token-without is VERB:RESOURCE (`create:jobs`, `get:pods/log`), found `\(text)`")
        }
        for text in capacity + nodeLabel where !text.contains("=") {
            throw ValidationError("--capacity and --node-label are NAME=VALUE, found `\(text)`")
        }
    }

    func run() async throws {
        Signals.ignoreBrokenPipes()
        let restricted = tokenWithout.compactMap { RestrictedToken($0) }
        let stateFolder = try StateFolder.prepare(stateDir, others: restricted.map(\.fileName))
        let identity = try Identity()
        let faults = FaultBook()
        let tls = ServerIdentity(certificatePEM: identity.server.certificate, keyPEM: identity.server.key)
        let clearml = ClearMLSandbox(
            configuration: ClearMLSandboxConfiguration(
                accessKey: identity.accessKey, secretKey: identity.secretKey, queues: queue))
        let cluster = try makeCluster(identity, restricted)
        let kubelet = try await Kubelet(
            configuration: kubeletConfiguration(stateFolder), transport: InProcessTransport(to: cluster), base: "",
            token: identity.kubeletToken)
        cluster.servePodLogs { await kubelet.podLog(namespace: $0, pod: $1, container: $2, options: $3) }
        let admin = PodAdministration(kubelet: kubelet)
        let clearmlServer = try await SandboxServer.start(
            port: clearmlPort, tls: clearmlTls ? tls : nil,
            respond: Backend(api: "clearml", faults: faults, isVerbose: verbose) { request, _ in
                .whole(await clearml.respond(to: request))
            }.respond)
        let kubeServer = try await SandboxServer.start(
            port: kubePort, tls: tls,
            respond: Backend(api: "kubernetes", faults: faults, isVerbose: verbose) { request, _ in
                if let reply = admin.respond(to: request) { return .whole(reply) }
                switch await cluster.respond(to: request) {
                case .whole(let response): return .whole(response)
                case .stream(let stream): return .stream(stream)
                }
            }.respond)
        let ready = ReadyFile(
            stateFolder: stateFolder, identity: identity,
            clearmlURL: "\(clearmlTls ? "https" : "http")://127.0.0.1:\(clearmlServer.port)",
            kubeURL: "https://127.0.0.1:\(kubeServer.port)", pid: getpid(), restricted: restricted)
        if let problem = kubelet.memoryLimitsProblem { Console.say("warning: \(problem)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await cluster.run() }
            group.addTask { await kubelet.run() }
            try ready.write()
            Console.say(
                "ready: \(stateFolder)/ready.json; ClearML at \(ready.clearmlURL), Kubernetes at \(ready.kubeURL ?? "")"
            )
            await Signals.awaitTermination()
            Console.say("stopping")
            StateFolder.clear(stateFolder, others: restricted.map(\.fileName))
            group.cancelAll()
            try await group.waitForAll()
        }
        await clearmlServer.stop()
        await kubeServer.stop()
    }

    private var nodeCapacity: [String: String] {
        var result = KubeConfiguration().nodeCapacity
        for text in capacity { result[Self.name(text)] = Self.value(text) }
        return result
    }

    private func makeCluster(_ identity: Identity, _ restricted: [RestrictedToken]) throws -> KubeSandbox {
        var configuration = KubeConfiguration(tokens: [
            identity.token.reveal(): .administrator(),
            identity.viewerToken.reveal(): KubeIdentity(user: "sandbox-viewer", rules: []),
            identity.kubeletToken.reveal(): .administrator("system:node:sandbox"),
        ])
        for token in restricted { configuration.tokens[token.token.reveal()] = token.identity }
        configuration.nodeCapacity = nodeCapacity
        return try KubeSandbox(configuration: configuration)
    }

    private func kubeletConfiguration(_ stateFolder: String) -> KubeletConfiguration {
        var result = KubeletConfiguration(stateFolder: stateFolder, bubblewrap: bubblewrap)
        result.binds = bind.compactMap { HostBind($0) }
        result.capacity = nodeCapacity
        for text in nodeLabel { result.labels[Self.name(text)] = Self.value(text) }
        result.backoff = .seconds(backoff)
        if let entry = getpwuid(getuid()), let home = entry.pointee.pw_dir { result.home = String(cString: home) }
        return result
    }

    private static func name(_ text: String) -> String { String(text.prefix { $0 != "=" }) }
    private static func value(_ text: String) -> String { String(text.drop { $0 != "=" }.dropFirst()) }
}

import ArgumentParser
import CurlTransport
import Glibc
import HTTP
import JSON
import KubeClient
import OS
import SandboxServer
import TLS

struct ProxyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxy",
        abstract: "Forward to a server, record every exchange, and send signals at exact places of an exchange.")

    @Option(help: "Where ready.json and the record are kept, and the kubeconfig for the proxied cluster.")
    var stateDir: String

    @Option(help: "The server to forward to: http://HOST:PORT or https://HOST:PORT.")
    var upstream: String?

    @Option(help: "Whom to trust upstream, PEM; without it the system's roots.")
    var ca: String?

    @Option(
        help:
            "Instead of --upstream and --ca: a kubeconfig, with all its credentials; DIR/kubeconfig leads through the proxy."
    )
    var kubeconfig: String?

    @Option(help: "The port on 127.0.0.1; 0 takes any free one.")
    var listen = 0

    @Option(help: "The port of the control endpoint on 127.0.0.1; 0 takes any free one.")
    var controlPort = 0

    @Option(help: "The record, one JSON line for each exchange; without it DIR/record.jsonl.")
    var record: String?

    func validate() throws {
        guard (upstream == nil) != (kubeconfig == nil) else {
            throw ValidationError("give either --upstream or --kubeconfig")
        }
    }

    func run() async throws {
        Signals.ignoreBrokenPipes()
        let stateFolder = try StateFolder.prepare(stateDir)
        let target = try kubeconfig.map { try ProxiedCluster(file: $0) }
        let server = target?.configuration.server ?? upstream ?? ""
        let roots = try ca.map { path throws(OSError) in try Files.read(path) }
        let tls = target?.configuration.tls ?? TLSOptions(trust: roots.map { .pem($0) } ?? .system)
        let recordPath = record ?? stateFolder + "/record.jsonl"
        let proxy = try RecordingProxy(
            upstream: server, transport: CurlTransport(tls: tls, proxy: ""), recordPath: recordPath)
        let authority = try CertificateAuthority.make(name: "glue-sandbox proxy")
        let issued = try authority.issue(names: ["localhost", "127.0.0.1", "::1"], client: false)
        let isTLS = server.hasPrefix("https:")
        let front = try await SandboxServer.start(
            port: listen,
            tls: isTLS ? ServerIdentity(certificatePEM: issued.certificatePEM, keyPEM: Secret(issued.keyPEM)) : nil,
            respond: proxy.respond)
        let control = try await SandboxServer.start(port: controlPort, respond: proxy.control)
        let url = "\(isTLS ? "https" : "http")://127.0.0.1:\(front.port)"
        let authorityPath = stateFolder + "/ca.pem"
        try Files.write(authority.certificatePEM, to: authorityPath)
        if let target {
            let text = target.through(url, authorityPath: authorityPath).text(pretty: true)
            try Files.write(Array(text.utf8), to: stateFolder + "/kubeconfig", mode: 0o600)
        }
        var ready: JSONValue = [
            "pid": .integer(Int64(getpid())), "url": .string(url), "upstream": .string(server),
            "controlURL": .string("http://127.0.0.1:\(control.port)"), "record": .string(recordPath),
            "ca": .string(authorityPath),
        ]
        if target != nil { ready["kubeconfig"] = .string(stateFolder + "/kubeconfig") }
        try Files.write(Array((ready.text(pretty: true) + "\n").utf8), to: stateFolder + "/ready.json", mode: 0o600)
        Console.say("ready: \(url) to \(server), control at http://127.0.0.1:\(control.port)")
        await Signals.awaitTermination()
        StateFolder.clear(stateFolder)
        await front.stop()
        await control.stop()
    }
}

/// The current cluster of a kubeconfig. Its client certificate is shown by the proxy, since it cannot pass it; everything
/// else that proves who a client is passes.
struct ProxiedCluster {
    let configuration: ClusterConfiguration

    init(file: String) throws(ConfigurationError) {
        configuration = try ClusterConfiguration.load(kubeconfig: file, context: nil, environment: [:])
    }

    /// A kubeconfig with the proxy in place of the server.
    func through(_ url: String, authorityPath: String) -> JSONValue {
        let user: JSONValue =
            switch configuration.credentials {
            case .none: [:]
            case .token(let token): ["token": .string(token.reveal())]
            case .tokenFile(let path): ["tokenFile": .string(path)]
            case .basic(let user, let password): ["username": .string(user), "password": .string(password.reveal())]
            }
        return [
            "apiVersion": "v1", "kind": "Config", "current-context": "proxied",
            "clusters": [
                [
                    "name": "proxied",
                    "cluster": ["server": .string(url), "certificate-authority": .string(authorityPath)],
                ]
            ],
            "users": [["name": "proxied", "user": user]],
            "contexts": [
                [
                    "name": "proxied",
                    "context": [
                        "cluster": "proxied", "user": "proxied", "namespace": .string(configuration.namespace),
                    ],
                ]
            ],
        ]
    }
}

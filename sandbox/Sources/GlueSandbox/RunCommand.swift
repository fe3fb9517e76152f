import ArgumentParser
import Glibc
import HTTP
import OS
import SandboxClearML
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

    @Flag(help: "Log one line for each request on standard error.")
    var verbose = false

    func run() async throws {
        let stateFolder = try Self.absolute(stateDir)
        ReadyFile.remove(from: stateFolder)
        let identity = try Identity()
        let faults = FaultBook()
        let clearml = ClearMLSandbox(
            configuration: ClearMLSandboxConfiguration(
                accessKey: identity.accessKey, secretKey: identity.secretKey, queues: queue))
        let tls = ServerIdentity(certificatePEM: identity.server.certificate, keyPEM: identity.server.key)
        let clearmlServer = try await SandboxServer.start(
            port: clearmlPort, tls: clearmlTls ? tls : nil,
            respond: Backend(api: "clearml", faults: faults, isVerbose: verbose) { request, _ in
                .whole(await clearml.respond(to: request))
            }.respond)
        let ready = ReadyFile(
            stateFolder: stateFolder, identity: identity,
            clearmlURL: "\(clearmlTls ? "https" : "http")://127.0.0.1:\(clearmlServer.port)", kubeURL: nil,
            pid: getpid())
        try ready.write()
        Console.say("ready: \(stateFolder)/ready.json; ClearML at \(ready.clearmlURL)")
        await Signals.awaitTermination()
        Console.say("stopping")
        ReadyFile.remove(from: stateFolder)
        await clearmlServer.stop()
    }

    /// The folder made, and its path from the root: pods and clients have other working directories.
    private static func absolute(_ path: String) throws -> String {
        try Files.makeFolder(path, mode: 0o700)
        guard let real = realpath(path, nil) else { throw OSError("find", path, code: errno) }
        defer { free(real) }
        return String(cString: real)
    }
}

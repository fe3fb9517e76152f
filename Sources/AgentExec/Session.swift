import ClearMLClient
import CurlTransport
import Glibc
import HTTP
import Handoff
import Logging
import OS
import Supervisor

/// The real world around an `Execution`: network, clock, signals, the pod's log.
struct Session: Sendable {
    let configuration: ExecutorConfiguration
    let supervisor: Supervisor
    /// Where verdicts go, the provisional one and then the last.
    let record: @Sendable (Verdict) -> Void

    /// Runs the task.
    func run() async -> (verdict: Verdict, exitCode: Int32) {
        var clearML = configuration.clearML
        if clearML.tls.trust == .system, let roots = Toolbox(path: nil).certificates, let pem = try? Files.read(roots) {
            // The library was built for another system's folders: it is told where this one's roots are.
            clearML.tls.trust = .pem(pem)
        }
        let server = ClearMLServer(
            configuration: clearML, transport: CurlTransport(tls: clearML.tls, userAgent: "agent-exec"),
            logger: Logger(label: "agent-exec") { _ in SwiftLogNoOpLogHandler() })
        let stop = StopSignal()
        let patience = Patience(pace: .machine)
        let execution = Execution(
            configuration: configuration, server: server, supervisor: supervisor, stop: stop, patience: patience,
            pace: .machine, mirror: { Self.copyToLog($0) }, provisional: record)
        return await withTaskGroup { group in
            group.addTask { await listen(stop, patience) }
            let result = await execution.run()
            record(result.verdict)
            group.cancelAll()
            return result
        }
    }

    /// The kubelet says TERM once and KILL when the grace is over: the end must be through by then.
    private func listen(_ stop: StopSignal, _ patience: Patience) async {
        for await signal in supervisor.signals where [SIGTERM, SIGINT, SIGQUIT].contains(signal) {
            patience.cap(max(configuration.grace - .seconds(1), .milliseconds(500)))
            stop.raise(.terminated(signal))
        }
    }

    /// What the server gets, `kubectl logs` shows as well.
    private static func copyToLog(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(1, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return  // nobody reads the log any more; the server still does
            }
        }
    }
}

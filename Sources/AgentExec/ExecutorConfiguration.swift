import ClearMLClient
import HTTP
import Handoff

/// What the environment tells the executor.
struct ExecutorConfiguration: Sendable {
    /// The task to run.
    var taskID: String
    /// Whose it must be.
    var claim: Claim
    /// The id of the queue with the start token.
    var pendingQueue: String
    /// Our pod.
    var podUID: String
    var podName: String?
    var podNamespace: String?
    var nodeName: String?
    /// As whom the console and the worker list show us.
    var worker: String
    /// Between the kubelet's TERM and its KILL.
    var grace: Duration
    /// Where the verdict goes.
    var verdictPath: String?
    /// Between two looks at the task.
    var pollInterval: Duration
    /// How long to go on reporting at the end while the server is away.
    var reportPatience: Duration
    /// After this long without the server the code is ended; `nil`: never.
    var fence: Duration?
    /// Where the code and its environment are put; `nil` for a temporary folder.
    var workspace: String?
    /// The server.
    var clearML: ClearMLConfiguration
    /// Everything, as it was at the start.
    var environment: [String: String]

    /// Variables of the executor's own, beside `Handoff.Variable` and `Handoff.Setting`.
    enum Variable {
        /// Set for git alone: makes this program its askpass.
        static let askpassUser = "GLUE_ASKPASS_USER"
        static let askpassPassword = "GLUE_ASKPASS_PASSWORD"
        static let askpassHost = "GLUE_ASKPASS_HOST"
    }

    /// Reads `environment`; all that is missing or wrong comes in one error.
    init(environment: [String: String]) throws(ClearMLConfigurationError) {
        var problems: [String] = []
        func required(_ name: String) -> String {
            if let value = environment[name], !value.isEmpty { return value }
            problems.append("\(name) is not set")
            return ""
        }
        func seconds(_ name: String, _ standard: Double, least: Double) -> Duration {
            guard let text = environment[name], !text.isEmpty else { return .seconds(standard) }
            if let value = Double(text), value >= least, value <= 1e6 { return .seconds(value) }
            problems.append("\(name): `\(text)` is no number of seconds of at least \(least)")
            return .seconds(standard)
        }
        taskID = required(Handoff.Variable.taskID)
        pendingQueue = required(Handoff.Variable.pendingQueue)
        podUID = required(Handoff.Variable.podUID)
        let instance = required(Handoff.Variable.instance)
        let jobUID = required(Handoff.Variable.jobUID)
        let attemptText = required(Handoff.Variable.attempt)
        let attempt = Int(attemptText) ?? 0
        if attempt < 1, !attemptText.isEmpty {
            problems.append("\(Handoff.Variable.attempt): `\(attemptText)` is no number from 1")
        }
        claim = Claim(instance: instance, jobUID: jobUID, attempt: attempt)
        podName = environment[Handoff.Variable.podName]
        podNamespace = environment[Handoff.Variable.podNamespace]
        nodeName = environment[Handoff.Variable.nodeName]
        worker = environment[Handoff.Variable.workerID] ?? "k8s:\(environment[Handoff.Variable.podName] ?? podUID)"
        grace = seconds(Handoff.Variable.graceSeconds, 30, least: 0)
        verdictPath = environment[Handoff.Variable.verdictPath]
        pollInterval = seconds(Handoff.Setting.pollSeconds, 3, least: 0.05)
        reportPatience = seconds(Handoff.Setting.reportSeconds, 300, least: 0)
        fence =
            environment[Handoff.Setting.fenceSeconds].nonEmpty == nil
            ? nil : seconds(Handoff.Setting.fenceSeconds, 600, least: 1)
        workspace = environment[Handoff.Setting.workspace]
        self.environment = environment
        do {
            clearML = try ClearMLConfiguration.load(environment: environment, workerName: worker)
        } catch {
            throw ClearMLConfigurationError(problems: problems + error.problems)
        }
        if !problems.isEmpty { throw ClearMLConfigurationError(problems: problems) }
    }

    /// Beside each status that we write.
    var changedBy: String { "Changed by agent-exec \(worker)" }

    /// What the child gets of the grace; the rest is for the last lines and the report.
    var childGrace: Duration { max(grace - min(.seconds(10), grace / 3), .zero) }
}

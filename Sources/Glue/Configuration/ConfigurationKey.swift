/// One key of glue.yaml: the reader, the defaults and the table in `docs/configuration.md` all come from here.
struct ConfigurationKey: Sendable {
    /// What may stand there.
    enum Form: Sendable {
        case text
        /// A path; a relative one starts at the configuration's folder.
        case file
        case boolean
        case integer(ClosedRange<Int>)
        case duration(ClosedRange<Duration>)
        case choice([String])
        /// Names and texts.
        case map
    }

    /// What holds when the key is not there.
    enum Absence: Sendable {
        case refused
        case value(String)
        /// No plain value: in words.
        case otherwise(String)
    }

    /// From the top, lists as `queues[]`.
    let path: String
    let form: Form
    let absence: Absence
    let meaning: String

    init(_ path: String, _ form: Form, _ absence: Absence, _ meaning: String) {
        self.path = path
        self.form = form
        self.absence = absence
        self.meaning = meaning
    }

    /// The row of the documentation's table.
    var row: String { "| `\(path)` | \(formText) | \(absenceText) | \(meaning) |" }

    private var formText: String {
        switch form {
        case .text: "text"
        case .file: "path"
        case .boolean: "`true` or `false`"
        case .integer(let range): "\(range.lowerBound) … \(range.upperBound)"
        case .duration(let range):
            "duration, \(DurationText.text(range.lowerBound)) … \(DurationText.text(range.upperBound))"
        case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .map: "names and texts"
        }
    }

    private var absenceText: String {
        switch absence {
        case .refused: "**required**"
        case .value(let text): "`\(text)`"
        case .otherwise(let words): words
        }
    }
}

extension ConfigurationKey {
    /// Every key there is.
    static let all: [ConfigurationKey] = [
        .init(
            "release", .text, .value("glue"), "Name of this installation; several in one namespace need different ones."
        ),
        .init("cluster", .text, .value("default"), "Name of the cluster, for people."),
        .init("clearml.apiHost", .text, .otherwise("`CLEARML_API_HOST`"), "URL of the ClearML API server."),
        .init("clearml.accessKeyFile", .file, .otherwise("`CLEARML_API_ACCESS_KEY`"), "File holding the access key."),
        .init("clearml.secretKeyFile", .file, .otherwise("`CLEARML_API_SECRET_KEY`"), "File holding the secret key."),
        .init(
            "clearml.caFile", .file,
            .otherwise("`CLEARML_CA_FILE`, `REQUESTS_CA_BUNDLE`, `SSL_CERT_FILE`, else the system's"),
            "PEM file with the roots to trust for the ClearML server, and no others."),
        .init(
            "clearml.insecureSkipTLSVerify", .boolean, .value("false"),
            "Accept any certificate of the ClearML server. Anybody on the way can then read the keys."),
        .init("kubernetes.kubeconfig", .file, .otherwise("`KUBECONFIG`, else in-cluster"), "kubeconfig file."),
        .init("kubernetes.context", .text, .otherwise("the file's current one"), "Context of the kubeconfig."),
        .init("kubernetes.namespace", .text, .value("clearml"), "Namespace in which Jobs are made."),
        .init(
            "pendingQueue", .text, .otherwise("`k8s:<cluster>/<namespace>`"),
            "ClearML queue that holds the start tokens of claimed tasks; this installation's alone."),
        .init(
            "defaultImage", .text, .value("python:3.11"),
            "Image of a task that names none, where the template names none."),
        .init(
            "executor.path", .text, .value("/opt/glue/bin/agent-exec"),
            "The executor's program inside the task container."),
        .init(
            "executor.image", .text, .otherwise("none: the task's image or the node brings it"),
            "Image from which an init container copies the executor into a volume at `/opt/glue`."),
        .init(
            "executor.imagePullPolicy", .choice(["Always", "IfNotPresent", "Never"]), .otherwise("Kubernetes' own"),
            "Pull policy of that image."),
        .init(
            "executor.credentialsSecret", .text, .value("clearml-credentials"),
            "Secret with the keys `CLEARML_API_ACCESS_KEY` and `CLEARML_API_SECRET_KEY` for the task pods."),
        .init(
            "executor.apiHost", .text, .otherwise("`clearml.apiHost`"), "URL of the ClearML API server as pods see it."),
        .init("executor.environment", .map, .otherwise("none"), "More environment for every task container."),
        .init("queues[].name", .text, .refused, "ClearML queue to serve. The order of queues is the order of claims."),
        .init("queues[].template", .file, .refused, "Template of the Jobs, see [templates](templates.md)."),
        .init(
            "queues[].createIfMissing", .boolean, .value("false"),
            "Make the queue when the server has none of that name."),
        .init("queues[].maxJobs", .integer(1...100_000), .value("100"), "Most unfinished Jobs of this queue at once."),
        .init(
            "queues[].pendingTimeout", .duration(.seconds(1)...(.seconds(30 * 86_400))), .value("30m"),
            "How long a pod may stay unstarted before its task fails with the reason."),
        .init(
            "queues[].terminationGracePeriod", .duration(.seconds(1)...(.seconds(86_400))), .value("30s"),
            "Time between the request to end and the kill; whole seconds."),
        .init(
            "queues[].retries.beforeStart", .integer(0...1000), .value("5"),
            "Attempts that infrastructure may cost a task before its code has started."),
        .init("queues[].retries.afterStart", .integer(0...1000), .value("0"), "The same after its code has started."),
        .init(
            "timing.pollInterval", .duration(.milliseconds(100)...(.seconds(3600))), .value("1s"),
            "Between two looks at the queues."),
        .init(
            "timing.statusInterval", .duration(.milliseconds(100)...(.seconds(3600))), .value("5s"),
            "Between two reports on waiting pods."),
        .init(
            "timing.recoveryInterval", .duration(.seconds(1)...(.seconds(3600))), .value("60s"),
            "Between two looks for what a crash left."),
        .init(
            "timing.claimDeadline", .duration(.seconds(1)...(.seconds(20))), .value("20s"),
            "A claim not finished this long after its pop is left to recovery."),
        .init(
            "timing.orphanAfter", .duration(.seconds(1)...(.seconds(86_400))), .value("2m"),
            "How long a popped and unclaimed task is watched before its claim is finished."),
        .init(
            "timing.abandonFinalizerAfter", .duration(.seconds(1)...(.seconds(30 * 86_400))), .value("1h"),
            "How long a deleted Job waits for a silent ClearML server before it is let go."),
        .init(
            "timing.keepFinishedJobs", .duration(.seconds(0)...(.seconds(30 * 86_400))), .value("1h"),
            "How long a finished Job and its pods stay for people to look at."),
        .init("logging.format", .choice(["text", "json"]), .value("text"), "Form of glue's own log."),
        .init(
            "logging.level", .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
            .value("info"),
            "Least severity that is logged."),
    ]

    static let byPath = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })

    /// The names that may stand directly below `path` (empty for the top).
    static func names(below path: String) -> [String] {
        let prefix = path.isEmpty ? "" : path + "."
        var names: [String] = []
        for key in all where key.path.hasPrefix(prefix) {
            let name = String(key.path.dropFirst(prefix.count).prefix { $0 != "." && $0 != "[" })
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    static func hasList(at path: String) -> Bool { all.contains { $0.path.hasPrefix(path + "[]") } }
}

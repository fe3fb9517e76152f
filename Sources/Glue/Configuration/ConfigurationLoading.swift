import ClearMLClient
import HTTP
import Handoff
import Logging
import OS
import YAML

extension GlueConfiguration {
    /// Reads the file at `path`, what it names, and what `environment` adds.
    ///
    /// - Parameter needsCredentials: `false` to check files alone: missing hosts and keys are then no fault.
    /// - Throws: every problem of the configuration and its templates at once.
    static func load(
        path: String, environment: [String: String], needsCredentials: Bool = true
    ) throws(ConfigurationProblems) -> GlueConfiguration {
        let root: YAMLNode
        do {
            let documents = try YAMLDocument.parse(try Files.read(path, limit: 4 << 20), file: path)
            guard let first = documents.first, documents.count == 1 else {
                throw SourceProblem(path, at: nil, "", "\(documents.count) YAML documents; exactly one is expected")
            }
            root = first
        } catch let error as YAMLError {
            throw ConfigurationProblems(problems: [SourceProblem(error, file: path)])
        } catch let error as SourceProblem {
            throw ConfigurationProblems(problems: [error])
        } catch {
            throw ConfigurationProblems(problems: [SourceProblem(path, at: nil, "", "\(error)")])
        }
        var loader = Loader(
            reader: ConfigurationReader(file: path, root: root), folder: folder(of: path), environment: environment,
            needsCredentials: needsCredentials)
        let configuration = loader.configuration()
        let problems = loader.reader.problems + loader.templateProblems
        guard let configuration, problems.isEmpty else { throw ConfigurationProblems(problems: problems) }
        return configuration
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }
}

/// Builds the configuration out of what the reader found; `nil` parts have a problem reported.
private struct Loader {
    var reader: ConfigurationReader
    let folder: String
    let environment: [String: String]
    let needsCredentials: Bool
    var templateProblems: [SourceProblem] = []
    private var templates: [String: PodTemplate?] = [:]

    init(reader: ConfigurationReader, folder: String, environment: [String: String], needsCredentials: Bool) {
        self.reader = reader
        self.folder = folder
        self.environment = environment
        self.needsCredentials = needsCredentials
    }

    mutating func configuration() -> GlueConfiguration? {
        let release = named("release", Names.label)
        let cluster = named("cluster", Names.display)
        let clearml = clearml()
        let kubernetes = KubernetesSettings(
            kubeconfig: file("kubernetes.kubeconfig"), context: reader.text("kubernetes.context"),
            namespace: named("kubernetes.namespace", Names.label) ?? "")
        let pendingQueue = reader.text("pendingQueue") ?? "k8s:\(cluster ?? "")/\(kubernetes.namespace)"
        let defaultImage = reader.text("defaultImage")
        let executor = executor(clearml)
        let queues = queues(pendingQueue)
        let timing = Timing(
            pollInterval: reader.duration("timing.pollInterval"),
            statusInterval: reader.duration("timing.statusInterval"),
            recoveryInterval: reader.duration("timing.recoveryInterval"),
            claimDeadline: reader.duration("timing.claimDeadline"), orphanAfter: reader.duration("timing.orphanAfter"),
            abandonFinalizerAfter: reader.duration("timing.abandonFinalizerAfter"),
            keepFinishedJobs: reader.duration("timing.keepFinishedJobs"))
        let format = reader.choice("logging.format").flatMap(LoggingSettings.Format.init)
        let level = reader.choice("logging.level").flatMap(Logger.Level.init(rawValue:))
        guard let release, let cluster, let clearml, let defaultImage, let executor, let format, let level else {
            return nil
        }
        return GlueConfiguration(
            release: release, cluster: cluster, clearml: clearml, kubernetes: kubernetes,
            pendingQueueName: pendingQueue, defaultImage: defaultImage, executor: executor, queues: queues,
            timing: timing, logging: LoggingSettings(format: format, level: level))
    }

    // MARK: - Sections

    private mutating func clearml() -> ClearMLSettings? {
        let apiHost = host("clearml.apiHost", else: environment[ClearMLConfiguration.Variable.apiHost])
        let accessKey = key("clearml.accessKeyFile", else: ClearMLConfiguration.Variable.accessKey)
        let secretKey = key("clearml.secretKeyFile", else: ClearMLConfiguration.Variable.secretKey)
        var tls = TLSOptions()
        let caFile = file("clearml.caFile")
        if reader.boolean("clearml.insecureSkipTLSVerify") {
            tls.trust = .insecureAnyCertificate
            if caFile != nil {
                reader.report(
                    "clearml.insecureSkipTLSVerify", "trusts anybody, so `clearml.caFile` means nothing: choose one")
            }
        } else if let caFile {
            do throws(OSError) { tls.trust = .pem(try Files.read(caFile, limit: 16 << 20)) } catch {
                reader.report("clearml.caFile", "\(error)")
            }
        } else {
            do throws(ClearMLConfigurationError) { tls = try ClearMLConfiguration.tls(environment: environment) } catch
            {
                reader.report("clearml", "\(error)")
            }
        }
        guard let apiHost, let accessKey, let secretKey else { return nil }
        return ClearMLSettings(apiHost: apiHost, accessKey: accessKey, secretKey: secretKey, tls: tls)
    }

    private mutating func executor(_ clearml: ClearMLSettings?) -> ExecutorSettings? {
        let path = reader.text("executor.path")
        if let path, !path.hasPrefix("/") { reader.report("executor.path", "`\(path)` does not start with `/`") }
        let image = reader.text("executor.image")
        let policy = reader.choice("executor.imagePullPolicy")
        let secret = named("executor.credentialsSecret", Names.subdomain)
        let apiHost = host("executor.apiHost", else: clearml?.apiHost ?? "")
        var variables: [EnvironmentVariable] = []
        for (name, value) in reader.map("executor.environment") {
            if !Handoff.Setting.all.contains(name), let problem = Names.problem(ofVariable: name) {
                reader.report("executor.environment", problem)
            } else {
                variables.append(EnvironmentVariable(name: name, value: value))
            }
        }
        guard let path, let secret, let apiHost else { return nil }
        return ExecutorSettings(
            path: path, image: image, imagePullPolicy: policy, credentialsSecret: secret, apiHost: apiHost,
            environment: variables)
    }

    private mutating func queues(_ pendingQueue: String) -> [QueueConfiguration] {
        var queues: [QueueConfiguration] = []
        var names: Set<String> = []
        let count = reader.length(of: "queues")
        if count == 0 { reader.report("queues", "no queue to serve: add one with `name` and `template`") }
        for at in (0..<count).map({ "queues[\($0)]" }) {
            let name = reader.text(at + ".name")
            if let name {
                if !names.insert(name).inserted { reader.report(at + ".name", "the queue `\(name)` is there twice") }
                if name == pendingQueue {
                    reader.report(at + ".name", "`\(name)` is the pending queue, which only glue uses")
                }
            }
            let template = file(at + ".template").flatMap { self.template($0, at: at + ".template") }
            let createIfMissing = reader.boolean(at + ".createIfMissing")
            let maxJobs = reader.integer(at + ".maxJobs")
            let pendingTimeout = reader.duration(at + ".pendingTimeout")
            let grace = reader.duration(at + ".terminationGracePeriod")
            if grace.components.attoseconds != 0 {
                reader.report(at + ".terminationGracePeriod", "must be whole seconds")
            }
            let beforeStart = reader.integer(at + ".retries.beforeStart")
            let afterStart = reader.integer(at + ".retries.afterStart")
            guard let name, let template, let maxJobs, let beforeStart, let afterStart else { continue }
            queues.append(
                QueueConfiguration(
                    name: name, template: template, createIfMissing: createIfMissing, maxJobs: maxJobs,
                    pendingTimeout: pendingTimeout, terminationGracePeriod: grace, retriesBeforeStart: beforeStart,
                    retriesAfterStart: afterStart))
        }
        return queues
    }

    // MARK: - Values that need more than their form

    private mutating func file(_ path: String) -> String? {
        guard let name = reader.text(path) else { return nil }
        return name.hasPrefix("/") ? name : folder + name
    }

    private mutating func host(_ path: String, else other: String?) -> String? {
        guard let host = reader.text(path) ?? other, !host.isEmpty else {
            if needsCredentials, path == "clearml.apiHost" {
                reader.report(path, "is missing, and \(ClearMLConfiguration.Variable.apiHost) is not set")
            }
            return needsCredentials ? nil : ""
        }
        if let problem = ClearMLConfiguration.problem(ofHost: host) { reader.report(path, problem) }
        return host
    }

    private mutating func key(_ path: String, else variable: String) -> Secret<String>? {
        if let file = file(path) {
            do throws(OSError) {
                let text = String(decoding: try Files.read(file, limit: 65_536), as: UTF8.self)
                let key = text.split(whereSeparator: \.isWhitespace)
                if key.count == 1 { return Secret(String(key[0])) }
                reader.report(path, "`\(file)` holds \(key.count) words; exactly the key is expected")
            } catch { reader.report(path, "\(error)") }
            return nil
        }
        if let value = environment[variable], !value.isEmpty { return Secret(value) }
        if !needsCredentials { return Secret("") }
        reader.report(path, "is missing, and \(variable) is not set")
        return nil
    }

    private mutating func named(_ path: String, _ rule: Names.Rule) -> String? {
        guard let name = reader.text(path) else { return nil }
        if !rule.allows(name) { reader.report(path, "`\(name)` is not allowed: \(rule.words)") }
        return name
    }

    /// Each file is read once, and its problems are told once.
    private mutating func template(_ file: String, at path: String) -> PodTemplate? {
        if let known = templates[file] { return known }
        var template: PodTemplate?
        do throws(ConfigurationProblems) { template = try PodTemplate.load(file) } catch {
            templateProblems += error.problems
        }
        templates[file] = .some(template)
        return template
    }
}

extension SourceProblem {
    /// The parser's complaint, in our form.
    init(_ error: YAMLError, file: String) {
        self.init(file, at: error.position, "", error.message)
    }
}

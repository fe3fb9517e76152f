import HTTP
import Logging
import OS
import Testing

@testable import Glue

@Suite("glue.yaml")
struct GlueConfigurationTests {
    private static let environment = [
        "CLEARML_API_HOST": "https://api.test:8008/", "CLEARML_API_ACCESS_KEY": "k", "CLEARML_API_SECRET_KEY": "s3cret",
    ]

    /// Writes `text` as glue.yaml beside a template `t.yaml`, and reads it.
    private func load(
        _ text: String, environment: [String: String] = environment, needsCredentials: Bool = true,
        files: [String: String] = [:]
    ) throws -> (configuration: GlueConfiguration?, problems: [String]) {
        let folder = "/tmp/glue-configuration-\(randomHex(bytes: 8))"
        try Files.makeFolder(folder)
        for (name, content) in files.merging(
            ["t.yaml": RenderBench.minimal, "glue.yaml": text], uniquingKeysWith: { a, _ in a })
        {
            try Files.write(Array(content.utf8), to: "\(folder)/\(name)")
        }
        do throws(ConfigurationProblems) {
            let configuration = try GlueConfiguration.load(
                path: "\(folder)/glue.yaml", environment: environment, needsCredentials: needsCredentials)
            return (configuration, [])
        } catch { return (nil, error.problems.map { $0.description.replacing(folder + "/", with: "") }) }
    }

    private let least = "queues: [{name: default, template: t.yaml}]\n"

    @Test("the least configuration has every default")
    func defaults() throws {
        let configuration = try #require(try load(least).configuration)
        #expect(configuration.release == "glue")
        #expect(configuration.cluster == "default")
        #expect(configuration.clearml.apiHost == "https://api.test:8008/")
        #expect(configuration.clearml.secretKey.reveal() == "s3cret")
        #expect(configuration.clearml.tls.trust == .system)
        #expect(configuration.kubernetes == KubernetesSettings(kubeconfig: nil, context: nil, namespace: "clearml"))
        #expect(configuration.pendingQueueName == "k8s:default/clearml")
        #expect(configuration.defaultImage == "python:3.11")
        #expect(
            configuration.executor
                == ExecutorSettings(
                    path: "/opt/glue/bin/agent-exec", image: nil, imagePullPolicy: nil,
                    credentialsSecret: "clearml-credentials", apiHost: "https://api.test:8008/", environment: []))
        let queue = try #require(configuration.queues.first)
        #expect(queue.maxJobs == 100 && queue.pendingTimeout == .seconds(1800) && !queue.createIfMissing)
        #expect(
            queue.terminationGracePeriod == .seconds(30) && queue.retriesBeforeStart == 5
                && queue.retriesAfterStart == 0)
        #expect(
            configuration.timing
                == Timing(
                    pollInterval: .seconds(1), statusInterval: .seconds(5), recoveryInterval: .seconds(60),
                    claimDeadline: .seconds(20), orphanAfter: .seconds(120), abandonFinalizerAfter: .seconds(3600),
                    keepFinishedJobs: .seconds(3600)))
        #expect(configuration.logging == LoggingSettings(format: .text, level: .info))
        #expect(!"\(configuration)".contains("s3cret"))
    }

    @Test("every key is read")
    func everyKey() throws {
        let text = """
            release: a
            cluster: b
            clearml: {apiHost: "http://c", accessKeyFile: key, secretKeyFile: secret, caFile: ca.pem, insecureSkipTLSVerify: false}
            kubernetes: {kubeconfig: /k, context: d, namespace: e}
            pendingQueue: f-pending
            defaultImage: g
            executor:
              path: /h
              image: i
              imagePullPolicy: Always
              credentialsSecret: j
              apiHost: https://k
              environment: {B: "2", A: "1"}
            queues:
              - name: l
                template: t.yaml
                createIfMissing: true
                maxJobs: 1
                pendingTimeout: 1h30m
                terminationGracePeriod: 2m
                retries: {beforeStart: 3, afterStart: 4}
              - {name: m, template: t.yaml}
            timing: {pollInterval: 200ms, statusInterval: 1s, recoveryInterval: 2s, claimDeadline: 3s, orphanAfter: 4s, abandonFinalizerAfter: 1d}
            logging: {format: json, level: debug}
            """
        let loaded = try load(text, environment: [:], files: ["key": " akey\n", "secret": "skey\n", "ca.pem": "PEM"])
        #expect(loaded.problems == [])
        let configuration = try #require(loaded.configuration)
        #expect(configuration.release == "a" && configuration.cluster == "b")
        #expect(configuration.clearml.apiHost == "http://c")
        #expect(
            configuration.clearml.accessKey.reveal() == "akey" && configuration.clearml.secretKey.reveal() == "skey")
        #expect(configuration.clearml.tls.trust == .pem(Array("PEM".utf8)))
        #expect(configuration.kubernetes == KubernetesSettings(kubeconfig: "/k", context: "d", namespace: "e"))
        #expect(configuration.pendingQueueName == "f-pending" && configuration.defaultImage == "g")
        #expect(
            configuration.executor
                == ExecutorSettings(
                    path: "/h", image: "i", imagePullPolicy: "Always", credentialsSecret: "j", apiHost: "https://k",
                    environment: [.init(name: "B", value: "2"), .init(name: "A", value: "1")]))
        let queue = configuration.queues[0]
        #expect(queue.name == "l" && queue.createIfMissing && queue.maxJobs == 1)
        #expect(queue.pendingTimeout == .seconds(5400) && queue.terminationGracePeriod == .seconds(120))
        #expect(queue.retriesBeforeStart == 3 && queue.retriesAfterStart == 4)
        #expect(configuration.queues.map(\.name) == ["l", "m"])
        #expect(
            configuration.timing
                == Timing(
                    pollInterval: .milliseconds(200), statusInterval: .seconds(1), recoveryInterval: .seconds(2),
                    claimDeadline: .seconds(3), orphanAfter: .seconds(4), abandonFinalizerAfter: .seconds(86_400),
                    keepFinishedJobs: .seconds(3600)))
        #expect(configuration.logging == LoggingSettings(format: .json, level: .debug))
    }

    @Test("all that is wrong comes at once, templates included, each with its place")
    func everythingWrong() throws {
        let text = """
            relaese: x
            cluster: a/b
            clearml:
              apiHost: api.test
              secretKeyFile: nowhere
              insecureSkipTLSVerify: "yes"
            kubernetes:
              namespace: Up
            executor: {path: agent, imagePullPolicy: always, environment: {GLUE_X: "1", A: 2}}
            queues:
              - name: default
                template: bad.yaml
                maxJobs: 0
                pendingTimeout: 30
                terminationGracePeriod: 1500ms
              - {name: default, template: bad.yaml}
              - {template: t.yaml, retries: 3}
            timing: {pollInterval: 5 s, claimDeadline: 1m}
            logging: {level: verbose}
            """
        let problems = try load(text, environment: [:], files: ["bad.yaml": "kind: x"]).problems
        let expected = [
            "glue.yaml:1:1: unknown key `relaese`: did you mean `release`?",
            "glue.yaml:2:10: cluster: `a/b` is not allowed: 1 to 63 letters, digits, `-`, `_` and `.`",
            "glue.yaml:4:12: clearml.apiHost: `api.test` is no http:// or https:// URL",
            "glue.yaml:4:3: clearml.accessKeyFile: is missing, and CLEARML_API_ACCESS_KEY is not set",
            "glue.yaml:5:18: clearml.secretKeyFile: cannot open `nowhere`: No such file or directory",
            "glue.yaml:6:26: clearml.insecureSkipTLSVerify: a string where `true` or `false` is expected",
            "glue.yaml:8:14: kubernetes.namespace: `Up` is not allowed: lower-case letters, digits and `-`, at most 63, beginning and ending with a letter or digit",
            "glue.yaml:9:18: executor.path: `agent` does not start with `/`",
            "glue.yaml:9:42: executor.imagePullPolicy: `always` is none of them: did you mean `Always`?",
            "glue.yaml:9:63: executor.environment: the environment variable `GLUE_X` is set by glue",
            "glue.yaml:9:80: executor.environment: name and value must be texts: put them in quotes",
            "glue.yaml:13:14: queues[0].maxJobs: 0 is out of range: 1 … 100000",
            "glue.yaml:14:21: queues[0].pendingTimeout: an integer where a duration is expected: write a number with a unit, as in `30m`",
            "glue.yaml:15:29: queues[0].terminationGracePeriod: must be whole seconds",
            "glue.yaml:16:12: queues[1].name: the queue `default` is there twice",
            "glue.yaml:17:5: queues[2].name: is missing",
            "glue.yaml:17:33: queues[2].retries: an integer where keys and values are expected",
            "glue.yaml:18:24: timing.pollInterval: `5 s` is no duration: write a number with a unit, as in `1s`",
            "glue.yaml:18:44: timing.claimDeadline: 1m is out of range: 1s … 20s",
            "glue.yaml:19:18: logging.level: `verbose` is none of them: known: critical, debug, error, info, notice, trace, warning",
            "bad.yaml:1:1: `apiVersion: ?`, `kind: x`: a template is a `batch/v1` Job or a `v1` Pod",
        ]
        for line in expected { #expect(problems.contains(line), "missing: \(line)") }
        for line in problems { #expect(expected.contains(line), "unexpected: \(line)") }
    }

    @Test("no queues, no file, no YAML: one line each")
    func hopeless() throws {
        #expect(
            try load("release: x").problems == [
                "glue.yaml: queues: no queue to serve: add one with `name` and `template`"
            ])
        #expect(try load("").problems == ["glue.yaml: 0 YAML documents; exactly one is expected"])
        #expect(try load("a: [").problems.first?.hasPrefix("glue.yaml:") == true)
        let missing = #expect(throws: ConfigurationProblems.self) {
            try GlueConfiguration.load(path: "/no/glue.yaml", environment: [:])
        }
        #expect(missing?.description == "/no/glue.yaml: cannot open `/no/glue.yaml`: No such file or directory")
    }

    @Test("files can be checked without credentials")
    func withoutCredentials() throws {
        #expect(try load(least, environment: [:], needsCredentials: false).problems == [])
        #expect(try load(least, environment: [:]).problems.count == 3)
    }

    @Test("the pending queue cannot be served")
    func pendingQueue() throws {
        let text = "queues: [{name: 'k8s:default/clearml', template: t.yaml}]"
        #expect(
            try load(text).problems == [
                "glue.yaml:1:17: queues[0].name: `k8s:default/clearml` is the pending queue, which only glue uses"
            ])
    }

    @Test("trusting anybody is said in the configuration, and not beside roots")
    func insecure() throws {
        let text = least + "clearml: {insecureSkipTLSVerify: true}"
        #expect(try load(text).configuration?.clearml.tls.trust == .insecureAnyCertificate)
        let both = least + "clearml: {insecureSkipTLSVerify: true, caFile: x}"
        #expect(try load(both).problems.count == 1)
    }

    @Test(
        "durations read and print",
        arguments: [("500ms", 500), ("30s", 30_000), ("1h30m", 5_400_000), ("2d", 172_800_000), ("1m500ms", 60_500)])
    func durations(text: String, milliseconds: Int64) {
        #expect(DurationText.parse(text) == .milliseconds(milliseconds))
        #expect(DurationText.text(.milliseconds(milliseconds)) == text)
    }

    @Test(
        "and nothing else is one",
        arguments: ["", "5", "s", "5 s", "1s1m", "1s1s", "-1s", "1.5s", "1w", "99999999999s", "٣s"])
    func noDurations(text: String) { #expect(DurationText.parse(text) == nil) }

    @Test("the documentation's table is the code's")
    func documentation() throws {
        let text = String(decoding: try Files.read(packageRoot + "/docs/configuration.md"), as: UTF8.self)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
        let wanted = ConfigurationKey.all.map(\.row)
        #expect(rows == wanted, "the rows should be:\n\(wanted.joined(separator: "\n"))")
    }
}

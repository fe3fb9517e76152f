import ClearMLClient
import JSON
import OS
import Testing
import YAML

@testable import Glue

/// The folder of the package.
let packageRoot = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }

/// Inputs for `render`, everything ordinary unless stated.
enum RenderBench {
    static let minimal = """
        apiVersion: batch/v1
        kind: Job
        spec:
          template:
            spec:
              containers:
                - name: task
        """

    static func template(_ text: String) throws -> PodTemplate {
        try PodTemplate.parse(Array(text.utf8), file: "t.yaml")
    }

    static func task(_ more: JSONObject = [:]) -> TaskRecord {
        var raw: JSONObject = [
            "id": "0123456789abcdef0123456789abcdef", "name": "train the model", "user": "__tests__",
            "project": "73a81c34e8d84742823bb8b4602b14d7",
        ]
        for (key, value) in more { raw[key] = value }
        return TaskRecord(raw: .object(raw))
    }

    /// A task whose section `Kubernetes` holds `wishes`.
    static func task(wishes: [String: String]) -> TaskRecord {
        var section = JSONObject()
        for (name, value) in wishes {
            section[name] = ["section": "Kubernetes", "name": .string(name), "value": .string(value)]
        }
        return task(["hyperparams": ["Kubernetes": .object(section)]])
    }

    static func input(
        _ template: PodTemplate, _ task: TaskRecord = task(), executorImage: String? = nil
    ) -> RenderInput {
        RenderInput(
            task: task,
            queue: QueueConfiguration(
                name: "default", template: template, createIfMissing: false, maxJobs: 10,
                pendingTimeout: .seconds(1800),
                terminationGracePeriod: .seconds(30), retriesBeforeStart: 5, retriesAfterStart: 0),
            queueID: "ebda6890e5994de6824412de72974158", queueName: "default",
            added: "2026-11-23T23:34:26.355000+00:00",
            enqueueHash: "a1b2c3", attempt: 2, instanceHash: "00112233445566aa", instanceName: "uid/clearml/glue",
            namespace: "clearml", cluster: "sandbox", pendingQueueID: "9ebf21f6a0df4fb3973c19f8d3cfbd73",
            executor: ExecutorSettings(
                path: "/opt/glue/bin/agent-exec", image: executorImage, imagePullPolicy: nil,
                credentialsSecret: "clearml-credentials", apiHost: "https://api.test:8008",
                environment: [EnvironmentVariable(name: "HF_HOME", value: "/cache/$(GLUE_TASK_ID)")]),
            defaultImage: "python:3.11")
    }

    static func job(_ template: String, _ task: TaskRecord = task(), executorImage: String? = nil) throws -> JSONValue {
        try render(input(try self.template(template), task, executorImage: executorImage)).job
    }

    static func problems(_ template: String, _ task: TaskRecord, executorImage: String? = nil) -> [String] {
        do {
            _ = try job(template, task, executorImage: executorImage)
            return []
        } catch let error as RenderProblems {
            return error.problems.map(\.description)
        } catch { return ["other: \(error)"] }
    }

    /// The problems of a template, one line each.
    static func problems(of text: String) -> [String] {
        do {
            _ = try template(text)
            return []
        } catch let error as ConfigurationProblems {
            return error.problems.map(\.description)
        } catch { return ["other: \(error)"] }
    }
}

extension JSONValue {
    /// The value down a path whose steps are names and indices.
    func down(_ path: String) -> JSONValue? {
        var current: JSONValue? = self
        for step in path.split(separator: "/") {
            current = Int(step).flatMap { current?[$0] } ?? current?[String(step)]
        }
        return current
    }

    var pod: JSONValue? { down("spec/template/spec") }
    var container: JSONValue? { pod?.down("containers/0") }

    /// The value of a variable of the first container.
    func variable(_ name: String) -> JSONValue? { container?["env"]?.array?.first { $0["name"]?.string == name } }

    /// Every scalar with its path.
    var leaves: [String: JSONValue] {
        switch self {
        case .array(let elements):
            var all: [String: JSONValue] = [:]
            for (index, element) in elements.enumerated() {
                for (path, leaf) in element.leaves { all["/\(index)\(path)"] = leaf }
            }
            return all.isEmpty ? ["": self] : all
        case .object(let members):
            var all: [String: JSONValue] = [:]
            for (key, member) in members { for (path, leaf) in member.leaves { all["/\(key)\(path)"] = leaf } }
            return all.isEmpty ? ["": self] : all
        default: return ["": self]
        }
    }
}

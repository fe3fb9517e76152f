import ClearMLClient
import Handoff
import JSON

/// The environment of a task container: the template's, the configuration's, the task's, ours; later ones replace.
struct TaskEnvironment {
    private(set) var variables: [JSONValue]
    private(set) var problems: [RenderProblem] = []
    private(set) var warnings: [String] = []

    /// Linux takes no longer `NAME=value` at the start of a program (MAX_ARG_STRLEN).
    static let longestAssignment = 131_071

    init(template: JSONValue?) { variables = template?.array ?? [] }

    mutating func add(_ settings: ExecutorSettings) {
        // An administrator's text: Kubernetes' own `$(NAME)` works in it.
        for variable in settings.environment { set(variable.name, ["value": .string(variable.value)]) }
    }

    /// `-e` of the task's docker arguments.
    mutating func add(dockerArguments text: String) {
        let arguments: DockerArguments
        do throws(DockerArguments.Fault) { arguments = try DockerArguments(parsing: text) } catch {
            problems.append(RenderProblem(path: "docker arguments", message: error.message))
            return
        }
        for option in arguments.ignored {
            warnings.append("docker argument `\(option)` is not applied: a pod takes it from the queue's template")
        }
        for variable in arguments.environment {
            if let problem = Names.problem(ofVariable: variable.name) {
                warnings.append("docker argument `-e` is not applied: \(problem)")
            } else if variable.value.utf8.contains(0) {
                problems.append(
                    RenderProblem(
                        path: "docker arguments", message: "the value of `\(variable.name)` contains a zero byte"))
            } else if variable.name.utf8.count + variable.value.utf8.count + 1 >= Self.longestAssignment {
                problems.append(
                    RenderProblem(
                        path: "docker arguments",
                        message:
                            "the value of `\(variable.name)` has \(variable.value.utf8.count) bytes, more than Linux allows"
                    ))
            } else {
                set(variable.name, ["value": .string(Self.literal(variable.value))])
            }
        }
    }

    mutating func add(_ input: RenderInput, workerID: String) {
        func value(_ name: String, _ text: String) { set(name, ["value": .string(Self.literal(text))]) }
        func field(_ name: String, _ path: String) {
            set(name, ["valueFrom": ["fieldRef": ["fieldPath": .string(path)]]])
        }
        func secret(_ name: String) {
            let reference: JSONValue = ["name": .string(input.executor.credentialsSecret), "key": .string(name)]
            set(name, ["valueFrom": ["secretKeyRef": reference]])
        }
        value(Handoff.Variable.version, Handoff.version)
        value(Handoff.Variable.taskID, input.task.id)
        value(Handoff.Variable.instance, input.instanceHash)
        value(Handoff.Variable.attempt, String(input.attempt))
        value(Handoff.Variable.pendingQueue, input.pendingQueueID)
        field(Handoff.Variable.jobUID, "metadata.labels['\(Handoff.Label.jobUID)']")
        field(Handoff.Variable.podUID, "metadata.uid")
        field(Handoff.Variable.podName, "metadata.name")
        field(Handoff.Variable.podNamespace, "metadata.namespace")
        field(Handoff.Variable.nodeName, "spec.nodeName")
        value(Handoff.Variable.graceSeconds, String(input.queue.terminationGracePeriod.components.seconds))
        value(Handoff.Variable.verdictPath, JobBuilder.verdictPath)
        value(Handoff.Variable.workerID, workerID)
        value("CLEARML_API_HOST", input.executor.apiHost)
        secret("CLEARML_API_ACCESS_KEY")
        secret("CLEARML_API_SECRET_KEY")
    }

    private mutating func set(_ name: String, _ content: JSONObject) {
        var variable: JSONObject = ["name": .string(name)]
        for (key, value) in content { variable[key] = value }
        if let place = variables.firstIndex(where: { $0["name"]?.string == name }) {
            variables[place] = .object(variable)
        } else {
            variables.append(.object(variable))
        }
    }

    /// A value that the kubelet gives to the program as it is: in its language `$$` is one `$`, and `$(NAME)` a reference.
    static func literal(_ value: String) -> String {
        var literal = ""
        for scalar in value.unicodeScalars {
            if scalar == "$" { literal += "$" }
            literal.unicodeScalars.append(scalar)
        }
        return literal
    }
}

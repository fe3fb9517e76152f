import ClearMLClient
import Handoff
import JSON
import OS
import YAML

/// What a command says, and how it ends; printing it is the caller's.
struct CommandResult: Sendable, Equatable {
    /// For standard output.
    var output = ""
    /// For standard error.
    var errors = ""
    /// 0 ok, 2 problems in files.
    var exitCode: Int32
}

/// The commands that look at files alone: no server, no cluster, no credentials.
enum OfflineCommands {
    /// `glue validate`: the configuration and every template it names, all problems at once.
    static func validate(configuration path: String, environment: [String: String]) -> CommandResult {
        do throws(ConfigurationProblems) {
            let configuration = try GlueConfiguration.load(
                path: path, environment: environment, needsCredentials: false)
            let templates = Set(configuration.queues.map(\.template.file)).count
            return CommandResult(
                output: "\(path): ok: \(configuration.queues.count) queue(s), \(templates) template(s)\n", exitCode: 0)
        } catch { return failure(error.description) }
    }

    /// `glue render`: the Job that a task would get in a queue, as YAML. What only a server knows is filled with zeros.
    static func render(
        configuration path: String, taskFile: String, queue name: String, environment: [String: String]
    ) -> CommandResult {
        let configuration: GlueConfiguration
        do throws(ConfigurationProblems) {
            configuration = try GlueConfiguration.load(
                path: path, environment: environment, needsCredentials: false)
        } catch { return failure(error.description) }
        guard let queue = configuration.queues.first(where: { $0.name == name }) else {
            return failure(
                "\(path): no queue `\(name)`: " + suggestion(for: name, among: configuration.queues.map(\.name)))
        }
        let task: TaskRecord
        do { task = try read(taskFile) } catch { return failure("\(taskFile): \(error)") }
        let unknownID = String(repeating: "0", count: 32)
        let input = RenderInput(
            task: task, queue: queue, queueID: unknownID, queueName: queue.name,
            added: "1970-01-01T00:00:00.000000+00:00", enqueueHash: "000000", attempt: 1,
            instanceHash: String(repeating: "0", count: 16),
            instanceName: "unknown/\(configuration.kubernetes.namespace)/\(configuration.release)",
            namespace: configuration.kubernetes.namespace, cluster: configuration.cluster, pendingQueueID: unknownID,
            executor: configuration.executor, defaultImage: configuration.defaultImage)
        do throws(RenderProblems) {
            let rendered = try Glue.render(input)
            return CommandResult(
                output: YAMLEmitter.text(of: rendered.job),
                errors: rendered.warnings.map { "warning: \($0)\n" }.joined(), exitCode: 0)
        } catch { return failure(error.description) }
    }

    /// A task as `tasks.get_by_id` gives it, with or without what is around it.
    private static func read(_ path: String) throws -> TaskRecord {
        let document = try JSONValue(parsing: try Files.read(path, limit: 64 << 20))
        let task = document.at("data", "task") ?? document["task"] ?? document
        guard task["id"]?.string != nil else { throw NoTask() }
        return TaskRecord(raw: task)
    }

    private struct NoTask: Error, CustomStringConvertible {
        var description: String { "holds no task: an object with `id`, as `tasks.get_by_id` gives it, is expected" }
    }

    private static func failure(_ text: String) -> CommandResult { CommandResult(errors: text + "\n", exitCode: 2) }
}

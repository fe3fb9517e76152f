import JSON
import OS
import YAML

/// A queue's template, read and checked: a Job whose texts still hold placeholders.
struct PodTemplate: Sendable {
    /// Where it was read.
    let file: String
    /// `apiVersion`, `kind`, `metadata` and `spec` of a Job; a Pod has been wrapped.
    let job: JSONValue
    /// The place of the task's container among `spec.template.spec.containers`.
    let taskContainer: Int
    /// Whether the file holds a Pod: its fields are named without the wrapping.
    let isPod: Bool

    /// On the pod: the name of the container that runs the task, if it is not the first.
    static let taskContainerAnnotation = "glue.clearml/task-container"
    /// The init container and the volume that bring the executor.
    static let executorName = "glue-executor"

    /// Reads and checks the file at `path`.
    static func load(_ path: String) throws(ConfigurationProblems) -> PodTemplate {
        let bytes: [UInt8]
        do throws(OSError) { bytes = try Files.read(path, limit: 1 << 20) } catch {
            throw ConfigurationProblems(problems: [SourceProblem(path, at: nil, "", "\(error)")])
        }
        return try parse(bytes, file: path)
    }

    /// Reads and checks a template's text.
    static func parse(_ bytes: [UInt8], file: String) throws(ConfigurationProblems) -> PodTemplate {
        let documents: [YAMLNode]
        do throws(YAMLError) { documents = try YAMLDocument.parse(bytes, file: file) } catch {
            throw ConfigurationProblems(problems: [SourceProblem(error, file: file)])
        }
        guard let root = documents.first, documents.count == 1 else {
            throw ConfigurationProblems(problems: [
                SourceProblem(
                    file, at: documents.dropFirst().first?.position, "",
                    "\(documents.count) YAML documents; a template is exactly one")
            ])
        }
        var reader = TemplateReader(file: file)
        let template = reader.template(root)
        guard let template, reader.problems.isEmpty else {
            throw ConfigurationProblems(
                problems: reader.problems.sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) })
        }
        return template
    }
}

import YAML

/// Something wrong in a file that a person wrote: where, at what, why.
struct SourceProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file, as it was named.
    var file: String
    /// The place in it; `nil` when it is about something that is not there.
    var line: Int?
    var column: Int?
    /// The field, `queues[0].template`; empty for the whole file.
    var path: String
    /// What is wrong and what to do.
    var message: String

    init(_ file: String, at position: YAMLPosition?, _ path: String, _ message: String) {
        self.file = file
        line = position?.line
        column = position?.column
        self.path = path
        self.message = message
    }

    /// `glue.yaml:3:7: timing.pollInterval: …`, as editors and compilers have it.
    var description: String {
        let place = [file, line.map(String.init), column.map(String.init)].compactMap { $0 }.joined(separator: ":")
        return place + ": " + (path.isEmpty ? "" : path + ": ") + message
    }
}

/// All that is wrong with a configuration and its templates, in the order of the files.
struct ConfigurationProblems: Error, Sendable, Equatable, CustomStringConvertible {
    var problems: [SourceProblem]

    /// One line each.
    var description: String { problems.map(\.description).joined(separator: "\n") }
}

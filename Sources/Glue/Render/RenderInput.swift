import ClearMLClient
import JSON

/// All that a Job is made of: the same input gives the same Job.
struct RenderInput: Sendable {
    /// The whole task.
    var task: TaskRecord
    /// The queue as configured, its template included.
    var queue: QueueConfiguration
    /// Its id on the server.
    var queueID: String
    /// Its name.
    var queueName: String
    /// The entry's `added`, as the server wrote it.
    var added: String
    /// The short hash of (`queueID`, `added`), 6 hex digits.
    var enqueueHash: String
    /// From 1.
    var attempt: Int
    /// The label value that marks all that is this glue's.
    var instanceHash: String
    /// The instance in words.
    var instanceName: String
    /// Where the Job goes.
    var namespace: String
    /// The cluster's name, for people.
    var cluster: String
    /// The queue that holds the start tokens.
    var pendingQueueID: String
    /// The executor, and how it gets there.
    var executor: ExecutorSettings
    /// For a task and a template that name none.
    var defaultImage: String
}

/// A Job to create, held.
struct Rendered: Sendable, Equatable {
    /// `batch/v1` Job.
    var job: JSONValue
    /// What of the task's wishes was not applied, for its console.
    var warnings: [String]
}

/// One thing about a task that cannot be made into a Job.
struct RenderProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// The field of the template, or the part of the task.
    var path: String
    /// What is wrong and what to do.
    var message: String

    var description: String { "\(path): \(message)" }
}

/// All of them: the task fails with these lines, before any pod exists.
struct RenderProblems: Error, Sendable, Equatable, CustomStringConvertible {
    var problems: [RenderProblem]

    var description: String { problems.map(\.description).joined(separator: "\n") }
}

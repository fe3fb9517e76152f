import ClearMLClient
import JSON
import KubeClient
import YAML

/// What the next turn would create, and what stands in its way; nothing is written anywhere.
struct DryRun: Sendable {
    let connections: Connections

    init(_ connections: Connections) { self.connections = connections }

    /// The Jobs as YAML documents, each after a comment that names task and queue.
    func text() async throws -> String {
        let server = connections.server
        // Rendered into the Jobs only: a queue that does not exist yet is not made by a dry run.
        let pendingName = connections.configuration.pendingQueueName
        let pending = try await server.queue(named: pendingName)?.id ?? "not-yet-made"
        let renderer = JobRenderer(connections, pendingQueue: pending)
        let records = try await server.queues(ids: connections.queues.map(\.id), maxEntries: Intake.window)
        let entries = Dictionary(records.map { ($0.id, $0.entries) }) { first, _ in first }
        let (candidates, _) = Candidates.choose(
            queues: connections.queues, entries: entries, jobs: [], isBusy: { _ in false }, window: Intake.window)
        let tasks = try await server.tasks(ids: candidates.map(\.task))
        var documents: [String] = []
        for candidate in candidates {
            let title = "# task \(candidate.task), queue \(candidate.queue.name)"
            guard let task = tasks.first(where: { $0.id == candidate.task }) else {
                documents.append("\(title): deleted on the server")
                continue
            }
            do throws(RenderProblems) {
                let rendered = try renderer.render(task, candidate.queue, candidate.enqueue, 1)
                let warnings = rendered.warnings.map { "\n# warning: \($0)" }.joined()
                documents.append("\(title)\(warnings)\n\(YAMLEmitter.text(of: rendered.job))")
            } catch {
                documents.append(
                    "\(title): refused\n" + "\(error)".split(separator: "\n").map { "# \($0)" }.joined(separator: "\n"))
            }
        }
        return documents.isEmpty ? "# no task waits in the queues" : documents.joined(separator: "\n---\n")
    }
}

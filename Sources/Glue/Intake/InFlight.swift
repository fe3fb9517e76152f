import Synchronization

/// The tasks that some part of this process works on right now: intake and recovery never meet over one.
final class InFlight: Sendable {
    private let tasks = Mutex<Set<String>>([])

    /// Takes `task`, unless somebody has it.
    func enter(_ task: String) -> Bool { tasks.withLock { $0.insert(task).inserted } }

    /// Gives it back.
    func leave(_ task: String) { _ = tasks.withLock { $0.remove(task) } }

    /// Whether somebody has it.
    func contains(_ task: String) -> Bool { tasks.withLock { $0.contains(task) } }
}

import Synchronization

/// What is to be looked at next: names of tasks, or everything. Bounded by the number of tasks; equal wishes are one.
final class Changes: Sendable {
    private struct State {
        var tasks: Set<String> = []
        var everything = false
    }

    private let state = Mutex(State())
    private let wake: AsyncStream<Void>.Continuation
    /// One element whenever there is something to take.
    let signal: AsyncStream<Void>

    init() { (signal, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    /// `tasks` may look different now.
    func add(_ tasks: some Sequence<String>) {
        state.withLock { $0.tasks.formUnion(tasks) }
        wake.yield()
    }

    /// Anything may look different now.
    func addEverything() {
        state.withLock { $0.everything = true }
        wake.yield()
    }

    /// As `add`, without waking anybody: for the next look that comes anyway.
    func `defer`(_ tasks: Set<String>) { state.withLock { $0.tasks.formUnion(tasks) } }

    /// As `addEverything`, without waking anybody.
    func deferEverything() { state.withLock { $0.everything = true } }

    /// Takes what has been added: the tasks, or `nil` for everything.
    func take() -> Set<String>? {
        state.withLock { state in
            defer { state = State() }
            return state.everything ? nil : state.tasks
        }
    }
}

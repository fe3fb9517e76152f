import ClearMLClient
import Handoff

/// The start gate as a pure machine: told what happened, it says what to do next. It alone decides whether this executor
/// may run the task, and it never takes a lost reply for a win.
///
///     read ─► take the token ─► read again ─► enter ─► write the runtime ─► start ─► passed
struct GateMachine: Sendable {
    /// What to do next.
    enum Action: Sendable, Equatable {
        /// Read the task, after this wait.
        case read(after: Duration)
        /// Take the token out of the pending queue, after this wait.
        case take(after: Duration)
        /// Put it back, after this wait.
        case putBack(after: Duration)
        /// From queued to in progress.
        case enter
        /// Pod and phase into the runtime, after this wait.
        case writeRuntime(after: Duration)
        /// `tasks.started`.
        case start
        /// The task is ours.
        case passed
        /// It is not, or nobody knows.
        case end(End)
    }

    /// Why it ended without a pass.
    enum End: Sendable, Equatable {
        /// Not ours; the task was left as it was.
        case notOurs(String)
        /// A reply was lost: recovery must look.
        case unknown(String)
        /// The server could not be asked; nothing was changed.
        case unreachable(String)
    }

    /// What happened.
    enum Event: Sendable, Equatable {
        /// The task as read; `nil`: there is none.
        case task(TaskView?)
        /// The token was there and is ours, or was not there.
        case token(Bool)
        /// It is back (or somebody else had put one there).
        case tokenBack
        /// The task entered; `false`: it was neither queued nor in progress.
        case entered(Bool)
        /// The runtime is written; `false`: the server refused, the task's status has changed.
        case runtimeWritten(Bool)
        /// The task is started.
        case started
        /// The last action failed.
        case failed(Failure)
    }

    /// A call without success.
    struct Failure: Sendable, Equatable {
        /// What happened, for people.
        var cause: String
        /// The server may have acted.
        var mayHaveActed: Bool
        /// Repeating would not help.
        var isPermanent: Bool
    }

    private enum State: Sendable, Equatable {
        case reading
        case taking
        case readingAgain
        case puttingBack(String)
        case entering
        /// The reply to `enter` was lost: read whether it worked.
        case readingEntry
        case writingRuntime
        case starting
        case ended
    }

    /// Ours, as the task's runtime must have it.
    let claim: Claim
    /// How long to wait for a claim that is not written yet.
    var claimPatience = Duration.seconds(60)
    /// How long to go on trying while the server does not answer.
    var serverPatience = Duration.seconds(120)
    /// Between two tries.
    var pause = Duration.seconds(1)

    private var state = State.reading
    private var firstLook: Duration?
    private var stepBegan: Duration = .zero

    init(claim: Claim) { self.claim = claim }

    /// The first thing to do.
    mutating func begin(at now: Duration) -> Action {
        stepBegan = now
        firstLook = now
        return .read(after: .zero)
    }

    /// What to do after `event`.
    mutating func next(_ event: Event, at now: Duration) -> Action {
        switch (state, event) {
        case (.reading, .task(let view)): return afterFirstRead(view, now)
        case (.taking, .token(true)): return go(.readingAgain, .read(after: .zero), now)
        case (.taking, .token(false)):
            return end(.notOurs("the start token is gone: another executor, or glue, has taken it"))
        case (.readingAgain, .task(let view)): return afterSecondRead(view, now)
        case (.puttingBack(let why), .tokenBack): return end(.notOurs(why))
        case (.entering, .entered(true)):
            return go(.writingRuntime, .writeRuntime(after: .zero), now)
        case (.entering, .entered(false)):
            return end(.notOurs("the task was aborted, reset or moved before it could start"))
        case (.readingEntry, .task(let view)): return afterLostEntry(view, now)
        case (.writingRuntime, .runtimeWritten(true)): return go(.starting, .start, now)
        case (.writingRuntime, .runtimeWritten(false)):
            return end(.notOurs("the task was aborted or reset while it started"))
        // `started` only adds the time to a task that is in progress already; it is no gate, and a second one could
        // undo an abort. So a lost reply is no reason to repeat it, nor to stop.
        case (.starting, .started), (.starting, .failed):
            state = .ended
            return .passed
        case (_, .failed(let failure)): return afterFailure(failure, now)
        default: return end(.unknown("the start gate was told \(event) while \(state)"))
        }
    }

    // MARK: - Steps

    private mutating func afterFirstRead(_ view: TaskView?, _ now: Duration) -> Action {
        guard let view else { return end(.notOurs("the task does not exist any more")) }
        guard view.status == .queued else {
            return end(
                .notOurs("the task is \(view.status.rawValue), not queued: another executor has it, or it was aborted"))
        }
        if view.claim == claim { return go(.taking, .take(after: .zero), now) }
        if let other = view.claim { return end(.notOurs("the task is claimed by \(other), this is \(claim)")) }
        if now - (firstLook ?? now) >= claimPatience {
            return end(.notOurs("nobody has claimed the task within \(claimPatience.components.seconds) s"))
        }
        stepBegan = now
        return .read(after: pause)
    }

    private mutating func afterSecondRead(_ view: TaskView?, _ now: Duration) -> Action {
        guard let view else { return end(.notOurs("the task was deleted while it started")) }
        guard view.status == .queued else {
            return end(.notOurs("the task became \(view.status.rawValue) while it started"))
        }
        if view.claim == claim { return go(.entering, .enter, now) }
        let holder = view.claim.map(\.description) ?? "nobody"
        return go(.puttingBack("the claim passed to \(holder) while the task started"), .putBack(after: .zero), now)
    }

    private mutating func afterLostEntry(_ view: TaskView?, _ now: Duration) -> Action {
        guard let view, view.claim == claim else {
            return end(.notOurs("the claim was taken away while the task started"))
        }
        switch view.status {
        // Only the holder of the token makes this step, and that is us.
        case .inProgress: return go(.writingRuntime, .writeRuntime(after: .zero), now)
        case .queued: return go(.entering, .enter, now)
        default: return end(.notOurs("the task became \(view.status.rawValue) while it started"))
        }
    }

    private mutating func afterFailure(_ failure: Failure, _ now: Duration) -> Action {
        let outOfPatience = failure.isPermanent || now - stepBegan >= serverPatience
        switch state {
        case .reading: return outOfPatience ? end(.unreachable(failure.cause)) : .read(after: pause)
        case .taking:
            if failure.mayHaveActed {
                return end(.unknown("whether the start token was taken is not known: \(failure.cause)"))
            }
            return outOfPatience ? end(.unreachable(failure.cause)) : .take(after: pause)
        // From here on the token is ours, and whoever gives up leaves a task without one: recovery must look.
        case .readingAgain, .readingEntry:
            return outOfPatience ? end(.unknown("the start token is taken, but \(failure.cause)")) : .read(after: pause)
        case .puttingBack:
            // Adding it twice is refused by the server, so trying again is safe.
            return outOfPatience
                ? end(.unknown("the start token could not be put back: \(failure.cause)")) : .putBack(after: pause)
        case .entering:
            if outOfPatience { return end(.unknown("the start token is taken, but \(failure.cause)")) }
            state = .readingEntry  // the patience goes on from the step before
            return .read(after: pause)
        case .writingRuntime:
            return outOfPatience
                ? end(.unknown("the task has started, but its runtime could not be written: \(failure.cause)"))
                : .writeRuntime(after: pause)
        case .starting, .ended: return end(.unknown(failure.cause))
        }
    }

    private mutating func go(_ state: State, _ action: Action, _ now: Duration) -> Action {
        // Entering and checking whether one has entered share one patience.
        if state != .entering || self.state != .readingEntry { stepBegan = now }
        self.state = state
        return action
    }

    private mutating func end(_ end: End) -> Action {
        state = .ended
        return .end(end)
    }
}

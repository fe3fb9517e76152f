/// The end of the time in which an observation may be acted on. A step that comes later (the process was stopped, the
/// network slow) is not taken: somebody else may have gone on in the meantime.
struct Deadline: Sendable {
    let end: ContinuousClock.Instant

    /// `limit` from now.
    init(_ limit: Duration) { end = .now + limit }

    /// Throws when the time is over.
    func check(_ step: String) throws(Abandoned) {
        if ContinuousClock.now >= end { throw Abandoned(step: step) }
    }
}

/// A step not taken because it came too late. Recovery looks at it anew.
struct Abandoned: Error, CustomStringConvertible {
    let step: String
    var description: String { "too late to \(step): left to recovery" }
}

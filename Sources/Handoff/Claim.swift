/// Who holds a task: written into its runtime after the pop, compared by the executor at the start gate.
public struct Claim: Sendable, Hashable, CustomStringConvertible {
    /// The hash of the glue instance.
    public var instance: String
    /// The uid of the Job.
    public var jobUID: String
    /// The attempt, from 1.
    public var attempt: Int

    /// A claim with the given parts.
    public init(instance: String, jobUID: String, attempt: Int) {
        self.instance = instance
        self.jobUID = jobUID
        self.attempt = attempt
    }

    /// `<instance>/<job uid>/<attempt>`, as it stands in the runtime.
    public var description: String { "\(instance)/\(jobUID)/\(attempt)" }

    /// Reads what `description` writes; anything else is no claim of ours.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, !parts[1].isEmpty, let attempt = Int(parts[2]), attempt >= 1 else {
            return nil
        }
        self.init(instance: String(parts[0]), jobUID: String(parts[1]), attempt: attempt)
    }
}

/// The name of a Job, from which everything else about it can be read: `clearml-id-<task id>-<h6>-<attempt>`.
public struct JobName: Sendable, Hashable, CustomStringConvertible {
    /// The task id, 32 hex digits.
    public var task: String
    /// The short hash of the enqueue, 6 hex digits.
    public var enqueue: String
    /// The attempt, from 1.
    public var attempt: Int

    /// A name with the given parts.
    public init(task: String, enqueue: String, attempt: Int) {
        self.task = task
        self.enqueue = enqueue
        self.attempt = attempt
    }

    /// The name, at most 54 characters: pods append `-xxxxx` and stay a DNS label (63).
    public var description: String { "clearml-id-\(task)-\(enqueue)-\(attempt)" }
}

extension Claim {
    /// `text`, bound to this claim: what an earlier attempt wrote never speaks for a later one, and needs no resetting.
    public func scoped(_ text: String) -> String { "\(self) \(text)" }

    /// What `scoped` bound to this very claim; `nil` for anything else.
    public func unscoped(_ value: String?) -> String? {
        guard let value, value.hasPrefix("\(self) ") else { return nil }
        return String(value.dropFirst(description.count + 1))
    }
}

extension JobName {
    /// Reads a Job's name, or the name of one of its pods (`-xxxxx` behind it).
    public init?(ofJobOrPod name: String) {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 5, parts[0] == "clearml", parts[1] == "id", let attempt = Int(parts[4]) else { return nil }
        self.init(task: String(parts[2]), enqueue: String(parts[3]), attempt: attempt)
    }
}

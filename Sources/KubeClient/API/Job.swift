public import JSON
public import OS

/// A Job.
public struct Job: KubernetesObject, Hashable {
    /// `batch/v1` jobs.
    public static var resource: Resource { .jobs }
    /// The whole Job.
    public var raw: JSONValue
    /// Wraps a tree.
    public init(raw: JSONValue) { self.raw = raw }

    /// `spec.parallelism`; the server's default is 1.
    public var parallelism: Int { raw.at("spec", "parallelism")?.int ?? 1 }
    /// `spec.completions`.
    public var completions: Int? { raw.at("spec", "completions")?.int }
    /// `spec.backoffLimit`.
    public var backoffLimit: Int? { raw.at("spec", "backoffLimit")?.int }
    /// `spec.suspend`, where the server knows it.
    public var isSuspended: Bool { raw.at("spec", "suspend")?.bool ?? false }
    /// The pod that it makes: `spec.template`.
    public var template: JSONValue? { raw.at("spec", "template") }

    /// Pods that are pending or running.
    public var active: Int { raw.at("status", "active")?.int ?? 0 }
    /// Pods that ended well.
    public var succeeded: Int { raw.at("status", "succeeded")?.int ?? 0 }
    /// Pods that ended badly.
    public var failed: Int { raw.at("status", "failed")?.int ?? 0 }
    /// When the controller took it.
    public var startTime: Timestamp? { raw.at("status", "startTime")?.timestamp }
    /// When it ended well.
    public var completionTime: Timestamp? { raw.at("status", "completionTime")?.timestamp }

    /// Whether it ended well.
    public var isComplete: Bool { condition("Complete")?.isTrue ?? false }
    /// Whether it ended badly; the condition says why.
    public var isFailed: Bool { condition("Failed")?.isTrue ?? false }
    /// Whether it has ended.
    public var isTerminal: Bool { isComplete || isFailed }
}

import JSON

/// What an executor says at its end, in the container's termination message: the return value of a pod.
public struct Verdict: Sendable, Equatable {
    /// How the execution ended.
    public enum Outcome: String, Sendable, CaseIterable {
        /// The user's code exited 0.
        case completed
        /// It did not, or could not be started.
        case failed
        /// The user aborted it.
        case stopped
        /// The executor found the task not to be its own and touched nothing.
        case notOurs = "not-ours"
        /// The start token was asked for and the answer never came: recovery looks.
        case gateUnknown = "gate-unknown"
        /// Run me again: terminated from outside, or a checkpoint was saved.
        case runAgain = "run-again"
    }

    /// How it ended.
    public var outcome: Outcome
    /// The phase in which it ended.
    public var phase: Phase
    /// The exit code of the user's process, if it ran and exited.
    public var exit: Int32?
    /// The signal that ended the user's process, if one did.
    public var signal: Int32?
    /// One line for people: what happened, without secrets.
    public var cause: String
    /// Whether the server has acknowledged the outcome; if not, glue writes it.
    public var reported: Bool
    /// The most memory the container used, in bytes, if known.
    public var peakMemory: Int64?
    /// Seconds per phase.
    public var timings: [Phase: Double]

    /// A verdict with the given parts.
    public init(
        outcome: Outcome, phase: Phase, exit: Int32? = nil, signal: Int32? = nil, cause: String, reported: Bool,
        peakMemory: Int64? = nil, timings: [Phase: Double] = [:]
    ) {
        self.outcome = outcome
        self.phase = phase
        self.exit = exit
        self.signal = signal
        self.cause = cause
        self.reported = reported
        self.peakMemory = peakMemory
        self.timings = timings
    }

    /// The kubelet keeps this much of a termination message (`MaxContainerTerminationMessageLength`).
    public static let sizeLimit = 4096

    /// The message, at most `sizeLimit` bytes: `cause` is shortened until it fits.
    public func encoded() -> [UInt8] {
        var shortened = self
        while true {
            let bytes = shortened.json.bytes
            if bytes.count <= Self.sizeLimit || shortened.cause.isEmpty { return bytes }
            let over = bytes.count - Self.sizeLimit
            shortened.cause = String(shortened.cause.dropLast(max(1, over / 2 + 1)))
        }
    }

    private var json: JSONValue {
        var value: JSONValue = [
            "glue": .string(Handoff.version), "outcome": .string(outcome.rawValue), "phase": .string(phase.rawValue),
            "cause": .string(cause), "reported": .bool(reported),
        ]
        if let exit { value["exit"] = .integer(Int64(exit)) }
        if let signal { value["signal"] = .integer(Int64(signal)) }
        if let peakMemory { value["peakMemory"] = .integer(peakMemory) }
        var seconds = JSONObject()
        for phase in Phase.allCases {
            if let time = timings[phase] { seconds[phase.rawValue] = .double((time * 1000).rounded() / 1000) }
        }
        if !seconds.isEmpty { value["timings"] = .object(seconds) }
        return value
    }

    /// Reads a termination message; `nil` for anything that is no verdict (user code may write there too).
    public init?(decoding message: String) {
        guard let value = try? JSONValue(parsing: message, depthLimit: 8), value["glue"]?.string != nil,
            let outcome = value["outcome"]?.string.flatMap(Outcome.init(rawValue:)),
            let phase = value["phase"]?.string.flatMap(Phase.init(rawValue:))
        else { return nil }
        self.init(
            outcome: outcome, phase: phase, exit: value["exit"]?.int.flatMap(Int32.init(exactly:)),
            signal: value["signal"]?.int.flatMap(Int32.init(exactly:)), cause: value["cause"]?.string ?? "",
            reported: value["reported"]?.bool ?? false, peakMemory: value["peakMemory"]?.integer)
        for phase in Phase.allCases { timings[phase] = value.at("timings", phase.rawValue)?.double }
    }
}

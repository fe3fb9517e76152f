internal import HTTP
public import JSON

/// What a fault does to a request that it hits.
public enum FaultEffect: Sendable, Equatable {
    /// The request is handled late.
    case latency(Duration)
    /// The connection is closed and nothing is handled.
    case dropBefore
    /// The request is handled, then the connection is closed: the write happened, its reply is lost.
    case dropAfter
    /// The request is not handled; this status is the answer, with `Retry-After` where given.
    case status(Int, retryAfter: Int?)
}

/// One rule: which requests, and what happens to them.
public struct FaultRule: Sendable, Equatable {
    /// The API: `clearml` or `kubernetes`; `nil` = either.
    public var api: String?
    /// The method; `nil` = any.
    public var method: String?
    /// A text that path and query contain; `nil` = any.
    public var contains: String?
    /// A regular expression that matches somewhere in path and query; `nil` = any.
    public var pattern: String?
    /// How many matching requests pass unharmed first.
    public var skip = 0
    /// How many are hit at most; `nil` = all.
    public var count: Int?
    /// The share of matching requests that is hit, 0 … 1.
    public var probability = 1.0
    /// The seed of the draws, so that a run can be repeated.
    public var seed: UInt64 = 1
    /// What happens.
    public var effect: FaultEffect

    /// Statuses that a rule may give.
    public static let statuses: Set = [409, 410, 429, 500, 503]

    /// A rule that hits every request with `effect`.
    public init(effect: FaultEffect) { self.effect = effect }

    /// Reads a rule.
    /// - Throws: `FaultRuleError` that names the member and what it may be.
    public init(_ json: JSONValue) throws(FaultRuleError) {
        guard let object = json.object else { throw FaultRuleError("a rule is an object, found \(json.kindName)") }
        let known: Set = [
            "api", "method", "contains", "pattern", "skip", "count", "probability", "seed", "effect", "status",
            "retryAfter",
            "milliseconds",
        ]
        for key in object.keys where !known.contains(key) {
            throw FaultRuleError("unknown member `\(key)`, known are \(known.sorted().joined(separator: ", "))")
        }
        func integer(_ key: String) throws(FaultRuleError) -> Int? {
            guard let value = object[key] else { return nil }
            guard let number = value.int, number >= 0 else { throw FaultRuleError("`\(key)` is a number from 0 on") }
            return number
        }
        effect = try Self.effect(
            object["effect"]?.string, status: integer("status"), retryAfter: integer("retryAfter"),
            milliseconds: integer("milliseconds"))
        api = object["api"]?.string
        if let api, api != "clearml", api != "kubernetes" {
            throw FaultRuleError("`api` is clearml or kubernetes, found `\(api)`")
        }
        method = object["method"]?.string?.uppercased()
        contains = object["contains"]?.string
        pattern = object["pattern"]?.string
        if let pattern, (try? Regex(pattern)) == nil {
            throw FaultRuleError("`pattern` is no regular expression: `\(pattern)`")
        }
        skip = try integer("skip") ?? 0
        count = try integer("count")
        seed = UInt64(try integer("seed") ?? 1)
        if let value = object["probability"] {
            guard let share = value.double, (0...1).contains(share) else {
                throw FaultRuleError("`probability` is a number from 0 to 1")
            }
            probability = share
        }
    }

    private static func effect(
        _ name: String?, status: Int?, retryAfter: Int?, milliseconds: Int?
    ) throws(FaultRuleError) -> FaultEffect {
        switch name {
        case "latency":
            guard let milliseconds else { throw FaultRuleError("the effect `latency` needs `milliseconds`") }
            return .latency(.milliseconds(milliseconds))
        case "drop-before": return .dropBefore
        case "drop-after": return .dropAfter
        case "status":
            guard let status, statuses.contains(status) else {
                throw FaultRuleError(
                    "the effect `status` needs `status`: one of \(statuses.sorted().map(String.init).joined(separator: ", "))"
                )
            }
            return .status(status, retryAfter: retryAfter)
        default:
            throw FaultRuleError(
                "`effect` is latency, drop-before, drop-after or status, found `\(name ?? "nothing")`")
        }
    }

    /// Whether the rule speaks of this request at all.
    func matches(api: String, method: String, path: String) -> Bool {
        if let wanted = self.api, wanted != api { return false }
        if let wanted = self.method, wanted != method { return false }
        if let contains, !path.contains(contains) { return false }
        if let pattern {
            // Compiled here because a `Regex` is not Sendable; `init` has seen that it compiles.
            guard let regex = try? Regex(pattern), path.firstMatch(of: regex) != nil else { return false }
        }
        return true
    }
}

/// Why a rule cannot be used.
public struct FaultRuleError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sentence.
    public let description: String
    init(_ description: String) { self.description = description }
}

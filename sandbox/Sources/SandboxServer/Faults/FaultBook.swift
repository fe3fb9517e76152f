public import HTTP
internal import JSON
internal import Synchronization

/// The rules in force, and how often each has matched and hit.
public final class FaultBook: Sendable {
    /// One rule and its counts.
    struct Entry: Sendable {
        let rule: FaultRule
        var matched = 0
        var hit = 0
        var random: SplitMix
    }

    private let entries = Mutex<[Entry]>([])

    /// How many rules are held at most: an endless test loop that only adds is told so.
    public static let limit = 1000

    /// A book without rules.
    public init() {}

    /// Adds rules behind those in force; the first that hits a request decides.
    public func add(_ rules: [FaultRule]) throws(FaultRuleError) {
        let added = entries.withLock { entries in
            guard entries.count + rules.count <= Self.limit else { return false }
            entries += rules.map { Entry(rule: $0, random: SplitMix(state: $0.seed)) }
            return true
        }
        if !added { throw FaultRuleError("more than \(Self.limit) rules; clear them first") }
    }

    /// Removes every rule.
    public func clear() { entries.withLock { $0 = [] } }

    /// The fault that hits this request, if any.
    public func effect(api: String, method: String, path: String) -> FaultEffect? {
        entries.withLock { entries in
            for place in entries.indices {
                let rule = entries[place].rule
                if let count = rule.count, entries[place].hit >= count { continue }
                guard rule.matches(api: api, method: method, path: path) else { continue }
                entries[place].matched += 1
                if entries[place].matched <= rule.skip { continue }
                // Drawn even at probability 1, so that a changed probability does not shift the other draws.
                guard entries[place].random.share() < rule.probability else { continue }
                entries[place].hit += 1
                return rule.effect
            }
            return nil
        }
    }

    func snapshot() -> [Entry] { entries.withLock { $0 } }

    /// Answers `request` with `backend`, through the rules in force.
    public func respond(
        api: String, to request: HTTPRequest, from peer: Peer, backend: Responder
    ) async -> Reply {
        switch effect(api: api, method: request.method.rawValue, path: request.url) {
        case nil: return await backend(request, peer)
        case .latency(let duration):
            // Cancelled only by the server's stop, which closes the connection anyway.
            do { try await Task.sleep(for: duration) } catch { return .dropConnection }
            return await backend(request, peer)
        case .dropBefore: return .dropConnection
        case .dropAfter:
            _ = await backend(request, peer)
            return .dropConnection
        case .status(let status, let retryAfter):
            return FaultReply.make(api: api, status: status, retryAfter: retryAfter, request: request)
        }
    }
}

/// Steele, Lea, Flood: SplitMix64. A seed gives the same draws on every machine.
struct SplitMix: Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Uniform in 0 ..< 1.
    mutating func share() -> Double { Double(next() >> 11) / Double(1 << 53) }
}

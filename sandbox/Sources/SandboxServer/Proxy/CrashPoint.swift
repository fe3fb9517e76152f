internal import Glibc
public import JSON

/// Where in an exchange a crash point strikes.
public enum CrashPosition: String, Sendable, CaseIterable {
    /// Before the request is forwarded; it never is.
    case before
    /// After the upstream has answered; its answer is never delivered.
    case afterCommit = "after-commit"
    /// After the answer has been delivered.
    case afterReply = "after-reply"
}

/// "At the n-th such exchange, at this position, send this signal to these processes." It strikes once.
public struct CrashPoint: Sendable, Equatable {
    /// Which exchange, counted from 1 from the moment the point is set, of those that match.
    public var at: Int
    /// A regular expression on `METHOD path?query`; `nil`: every write.
    public var pattern: String?
    /// Where in the exchange.
    public var position: CrashPosition
    /// The signal's number.
    public var signal: Int32
    /// Whom it is sent to.
    public var processes: [Int32]
    /// Whether it is also sent to whoever asks: the processes at the other end of the connection.
    public var strikesClient = false

    private static let signals: [String: Int32] = [
        "KILL": SIGKILL, "STOP": SIGSTOP, "CONT": SIGCONT, "TERM": SIGTERM, "INT": SIGINT, "HUP": SIGHUP,
    ]

    /// A point with the given parts.
    public init(at: Int, pattern: String? = nil, position: CrashPosition, signal: Int32, processes: [Int32]) {
        self.at = at
        self.pattern = pattern
        self.position = position
        self.signal = signal
        self.processes = processes
    }

    /// Reads `{"at": 3, "match": "…", "position": "after-commit", "signal": "KILL", "pids": [1, 2], "client": true}`.
    /// - Throws: `CrashPointError` that names the member and what it may be.
    public init(_ json: JSONValue) throws(CrashPointError) {
        guard let object = json.object else {
            throw CrashPointError("a crash point is an object, found \(json.kindName)")
        }
        let known: Set = ["at", "match", "position", "signal", "pids", "client"]
        for key in object.keys where !known.contains(key) {
            throw CrashPointError("unknown member `\(key)`, known are \(known.sorted().joined(separator: ", "))")
        }
        guard let at = object["at"]?.int, at >= 1 else { throw CrashPointError("`at` is a number from 1 on") }
        self.at = at
        pattern = object["match"]?.string
        if let pattern, (try? Regex(pattern)) == nil {
            throw CrashPointError("`match` is no regular expression: `\(pattern)`")
        }
        guard let position = object["position"]?.string.flatMap(CrashPosition.init(rawValue:)) else {
            throw CrashPointError(
                "`position` is one of \(CrashPosition.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.position = position
        guard
            let signal = object["signal"]?.string.flatMap({ Self.signals[$0] })
                ?? object["signal"]?.int.flatMap({ Int32(exactly: $0) }),
            signal > 0, signal < 65
        else {
            throw CrashPointError(
                "`signal` is a number or one of \(Self.signals.keys.sorted().joined(separator: ", "))")
        }
        self.signal = signal
        strikesClient = object["client"]?.bool ?? false
        // Never 0 or below: that would be a whole process group, or everybody.
        let pids = (object["pids"]?.array ?? []).map { $0.int.flatMap { Int32(exactly: $0) } ?? 0 }
        guard pids.allSatisfy({ $0 > 1 }), strikesClient || !pids.isEmpty else {
            throw CrashPointError("`pids` is a list of process ids above 1; it may be left out where `client` is true")
        }
        processes = pids
    }

    /// Whether the exchange is one that the point counts.
    func counts(method: String, path: String, isWrite: Bool) -> Bool {
        guard let pattern else { return isWrite }
        // Compiled here because a `Regex` is not Sendable; `init` has seen that it compiles.
        guard let regex = try? Regex(pattern) else { return false }
        return "\(method) \(path)".firstMatch(of: regex) != nil
    }

    /// Sends the signal; each process with what came of it.
    func strike(client: Peer) -> [(process: Int32, error: Int32)] {
        let all = processes + (strikesClient ? PeerProcesses.holding(client) : [])
        return all.map { ($0, kill($0, signal) == 0 ? 0 : errno) }
    }
}

/// Why a crash point cannot be used.
public struct CrashPointError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The sentence.
    public let description: String
    init(_ description: String) { self.description = description }
}

/// Which requests change something.
enum WriteRule {
    /// By the method for Kubernetes; by the action's name for ClearML, which asks everything with POST.
    static func isWrite(method: String, path: String) -> Bool {
        let bare = path.prefix { $0 != "?" }
        let last = bare.split(separator: "/").last ?? ""
        let parts = last.split(separator: ".", omittingEmptySubsequences: false)
        let isAction = parts.count == 2 && bare.split(separator: "/").count <= 2 && !bare.hasPrefix("/api")
        if isAction {
            let verb = parts[1]
            let reads = ["login", "supported_modes", "validate_delete", "ping"]
            if parts[0] == "tasks", verb == "ping" { return true }
            return !verb.hasPrefix("get") && !verb.hasPrefix("search") && !reads.contains(String(verb))
        }
        return method != "GET" && method != "HEAD"
    }
}

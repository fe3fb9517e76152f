import JSON
import Logging

/// A piece of a task's console.
public struct LogLine: Sendable, Equatable {
    /// The task's id.
    public var task: String
    /// `INFO`, `ERROR`, `DEBUG`, …
    public var level: String
    /// The text; may hold several lines.
    public var message: String
    /// Milliseconds since the epoch. The console is ordered by this alone: no two of one task should be equal.
    public var timestamp: Int64
    /// Who says it.
    public var worker: String

    /// A line with the given parts.
    public init(task: String, level: String, message: String, timestamp: Int64, worker: String) {
        self.task = task
        self.level = level
        self.message = message
        self.timestamp = timestamp
        self.worker = worker
    }

    fileprivate var json: JSONValue {
        [
            "type": "log", "task": .string(task), "level": .string(level), "msg": .string(message),
            "timestamp": .integer(timestamp), "worker": .string(worker),
        ]
    }
}

/// What became of lines that were sent.
public struct EventReceipt: Sendable, Equatable {
    /// The lines that were sent, counted from the front of what was given.
    public var sent: Int
    /// Of these, those that the server stored.
    public var stored: Int
    /// Why it did not store the others, and how many each.
    public var refusals: [String: Int]

    /// A receipt with the given parts.
    public init(sent: Int, stored: Int, refusals: [String: Int]) {
        self.sent = sent
        self.stored = stored
        self.refusals = refusals
    }
}

extension ClearMLServer {
    /// The largest body of one `events.add_batch`: what a proxy in front of the server commonly lets through.
    public static let eventBatchLimit = 1 << 20

    /// Sends all `lines`, in as many calls as they need, in order. Throws at the first call that fails;
    /// who must know how far it got calls `addEventBatch` by himself.
    @discardableResult
    public func addEvents(_ lines: [LogLine]) async throws(ClearMLError) -> EventReceipt {
        var total = EventReceipt(sent: 0, stored: 0, refusals: [:])
        while total.sent < lines.count {
            let receipt = try await addEventBatch(lines[total.sent...])
            total.sent += receipt.sent
            total.stored += receipt.stored
            total.refusals.merge(receipt.refusals, uniquingKeysWith: +)
        }
        if !total.refusals.isEmpty {
            logger.warning(
                "server refused console lines",
                metadata: ["refused": "\(total.sent - total.stored)", "reasons": "\(total.refusals)"])
        }
        return total
    }

    /// Sends as many of `lines`, from the front, as fit in one call. No repetition after an unknown fate:
    /// the server would store the lines twice.
    public func addEventBatch(_ lines: ArraySlice<LogLine>) async throws(ClearMLError) -> EventReceipt {
        let action = "events.add_batch"
        var body: [UInt8] = []
        var sent = 0
        for line in lines {
            let bytes = line.json.bytes
            if bytes.count + 1 > Self.eventBatchLimit, sent == 0 {
                throw .unsendable(
                    action: action, reason: "a line of \(bytes.count) bytes; at most \(Self.eventBatchLimit) fit")
            }
            if body.count + bytes.count + 1 > Self.eventBatchLimit { break }
            body += bytes
            body.append(UInt8(ascii: "\n"))
            sent += 1
        }
        if sent == 0 { return EventReceipt(sent: 0, stored: 0, refusals: [:]) }
        let data = try await send(action, .lines(body), effect: .write)
        let stored = try count("added", in: data, of: action)
        var refusals: [String: Int] = [:]
        for (reason, number) in data["errors_info"]?.object ?? [:] { refusals[reason] = number.int ?? 1 }
        return EventReceipt(sent: sent, stored: stored, refusals: refusals)
    }
}

internal import Glibc
internal import JSON
internal import Synchronization

/// The crash points that are set, what has been counted, and what was done.
final class CrashBook: Sendable {
    struct Entry: Sendable {
        let point: CrashPoint
        var counted = 0
        /// What it did, once it has struck.
        var struck: JSONValue?
    }

    private struct State {
        var entries: [Entry] = []
        var exchanges = 0
        var writes = 0
        var failure: String?
    }

    /// An exchange with its number, and the points that strike in it.
    struct Ticket: Sendable {
        let number: Int
        let isWrite: Bool
        let strikes: [Int]
    }

    private let state = Mutex(State())

    /// Sets points beside those there.
    func add(_ points: [CrashPoint]) { state.withLock { $0.entries += points.map { Entry(point: $0) } } }

    /// Takes all points away; the counts of exchanges go on.
    func clear() { state.withLock { $0.entries = [] } }

    /// Counts an exchange, in the order of arrival.
    func enter(method: String, path: String) -> Ticket {
        let isWrite = WriteRule.isWrite(method: method, path: path)
        return state.withLock { state in
            state.exchanges += 1
            if isWrite { state.writes += 1 }
            var strikes: [Int] = []
            for place in state.entries.indices
            where state.entries[place].struck == nil
                && state.entries[place].point.counts(method: method, path: path, isWrite: isWrite)
            {
                state.entries[place].counted += 1
                if state.entries[place].counted == state.entries[place].point.at { strikes.append(place) }
            }
            return Ticket(number: state.exchanges, isWrite: isWrite, strikes: strikes)
        }
    }

    /// Lets the ticket's points for `position` strike; whether there were any.
    func strike(_ ticket: Ticket, _ position: CrashPosition, _ exchange: String, _ client: Peer) -> Bool {
        var isStruck = false
        for place in ticket.strikes {
            let point = state.withLock { place < $0.entries.count ? $0.entries[place].point : nil }
            guard let point, point.position == position else { continue }
            let sent = point.strike(client: client)
            isStruck = true
            let report: JSONValue = [
                "n": .integer(Int64(ticket.number)), "exchange": .string(exchange),
                "signals": .array(
                    sent.map { process, error in
                        [
                            "pid": .integer(Int64(process)),
                            "result": .string(error == 0 ? "sent" : String(cString: strerror(error))),
                        ]
                    }),
            ]
            state.withLock { if place < $0.entries.count { $0.entries[place].struck = report } }
        }
        return isStruck
    }

    /// The record cannot be written any more.
    func fail(_ why: String) { state.withLock { $0.failure = why } }

    /// Why the record cannot be written.
    var failure: String? { state.withLock { $0.failure } }

    /// Everything, as the control port shows it.
    var report: JSONValue {
        state.withLock { state in
            [
                "exchanges": .integer(Int64(state.exchanges)), "writes": .integer(Int64(state.writes)),
                "recordError": state.failure.map { .string($0) } ?? .null,
                "points": .array(
                    state.entries.map { entry in
                        [
                            "at": .integer(Int64(entry.point.at)),
                            "match": entry.point.pattern.map { .string($0) } ?? .null,
                            "position": .string(entry.point.position.rawValue),
                            "signal": .integer(Int64(entry.point.signal)),
                            "pids": .array(entry.point.processes.map { .integer(Int64($0)) }),
                            "client": .bool(entry.point.strikesClient), "counted": .integer(Int64(entry.counted)),
                            "struck": entry.struck ?? .null,
                        ]
                    }),
            ]
        }
    }
}

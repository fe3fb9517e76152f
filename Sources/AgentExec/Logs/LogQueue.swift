import ClearMLClient

/// The console's lines on their way to the server, in order, in pieces of a size that the server likes. Pure.
struct LogQueue: Sendable {
    /// A run of lines of one level, one event.
    struct Piece: Sendable, Equatable {
        var level: String
        var bytes: [UInt8]
        var timestamp: Int64
    }

    /// The most of one event: the peer's own limit.
    static let pieceLimit = 64 << 10

    private var pieces: [Piece] = []
    /// Taken, not yet acknowledged.
    private var inFlight = 0
    private var lastTimestamp: Int64 = 0
    /// All bytes, those in flight included.
    private(set) var bytes = 0

    /// Whether everything has been acknowledged.
    var isEmpty: Bool { pieces.isEmpty && inFlight == 0 }
    /// Bytes that nobody has taken yet.
    var waiting: Int { bytes - inFlight }

    /// Adds `lines` (each with its `\n`) at the time `now`, in milliseconds. Every event's time is later than the one before:
    /// the server sorts by it alone.
    mutating func append(_ lines: [UInt8], level: String, now: Int64) {
        bytes += lines.count
        var rest = lines[...]
        while !rest.isEmpty {
            let room = pieces.last.map { $0.level == level ? Self.pieceLimit - $0.bytes.count : 0 } ?? 0
            if room >= rest.count {
                pieces[pieces.count - 1].bytes += rest
                return
            }
            // Whole lines into the last piece, if any fit; else a new one.
            if room > 0, let newline = rest.prefix(room).lastIndex(of: UInt8(ascii: "\n")) {
                pieces[pieces.count - 1].bytes += rest[...newline]
                rest = rest[(newline + 1)...]
                continue
            }
            lastTimestamp = max(now, lastTimestamp + 1)
            var piece = rest.prefix(Self.pieceLimit)
            if piece.count < rest.count {
                if let newline = piece.lastIndex(of: UInt8(ascii: "\n")) {
                    piece = piece[...newline]
                } else {
                    piece = piece.dropLast(LineAssembler.incompleteTail(piece))
                }
            }
            pieces.append(Piece(level: level, bytes: Array(piece), timestamp: lastTimestamp))
            rest = rest[piece.endIndex...]
        }
    }

    /// The oldest pieces, about `limit` bytes of them, now in flight.
    mutating func take(limit: Int) -> [Piece] {
        var count = 0
        var size = 0
        while count < pieces.count, count == 0 || size + pieces[count].bytes.count <= limit {
            size += pieces[count].bytes.count
            count += 1
        }
        let taken = Array(pieces[..<count])
        pieces.removeFirst(count)
        inFlight += size
        return taken
    }

    /// What was taken has been acknowledged, or given up.
    mutating func release(_ size: Int) {
        inFlight -= size
        bytes -= size
    }
}

extension LogQueue.Piece {
    /// As an event: text repaired, without the last end of line.
    func line(task: String, worker: String) -> LogLine {
        let content = bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...]
        return LogLine(
            task: task, level: level, message: String(decoding: content, as: UTF8.self), timestamp: timestamp,
            worker: worker)
    }
}

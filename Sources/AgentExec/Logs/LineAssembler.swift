import Glibc

/// Turns a stream of bytes into whole lines as a terminal would show them: of a line that returns to its start
/// (a progress bar), only what was written last stays.
struct LineAssembler: Sendable {
    /// A line longer than this is given out in pieces.
    static let longestLine = 64 << 10

    private var partial: [UInt8] = []
    /// The beginning of the current line has been given out: its end of line must not make an empty one.
    private var isContinuing = false

    private static let newline = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    /// Whether something waits for the end of its line.
    var hasPartial: Bool { !partial.isEmpty }

    /// Takes `chunk`; returns the lines that are whole now, each with its `\n`.
    mutating func feed(_ chunk: [UInt8]) -> [UInt8] {
        guard let last = chunk.lastIndex(of: Self.newline) else {
            partial += chunk
            return partial.count > Self.longestLine ? flush() : []
        }
        var whole = partial
        whole += chunk[...last]
        partial = Array(chunk[(last + 1)...])
        if isContinuing, whole.first == Self.newline { whole.removeFirst() }
        isContinuing = false
        if whole.contains(Self.carriageReturn) { whole = Self.collapsed(whole) }
        if partial.count > Self.longestLine { whole += flush() }
        return whole
    }

    /// Gives out what waits, as a line (or several): it has waited long enough, or nothing more will come.
    mutating func flush() -> [UInt8] {
        guard !partial.isEmpty else { return [] }
        // The first bytes of a character that is still on its way stay for the rest.
        let kept = Self.incompleteTail(partial)
        var line = Array(partial.dropLast(kept))
        partial = Array(partial.suffix(kept))
        if line.isEmpty {
            (line, partial) = (partial, [])
        }
        line.append(Self.newline)
        if line.contains(Self.carriageReturn) { line = Self.collapsed(line) }
        isContinuing = true
        return line
    }

    /// Of each line, what follows its last `\r` (those at its very end aside).
    static func collapsed(_ lines: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(lines.count)
        for line in lines.split(separator: newline, omittingEmptySubsequences: false) {
            var line = line
            while line.last == carriageReturn { line.removeLast() }
            if let at = line.lastIndex(of: carriageReturn) { line = line[(at + 1)...] }
            result += line
            result.append(newline)
        }
        result.removeLast()  // after the last `\n`, `split` has found an empty line
        return result
    }

    /// How many bytes at the end are the beginning of an unfinished UTF-8 character.
    static func incompleteTail(_ bytes: some BidirectionalCollection<UInt8>) -> Int {
        var count = 0
        for byte in bytes.reversed().prefix(3) {
            count += 1
            if byte & 0xC0 == 0x80 { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > count ? count : 0
        }
        return 0
    }
}

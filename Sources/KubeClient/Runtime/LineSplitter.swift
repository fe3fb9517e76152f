/// Cuts a stream of bytes into lines. A line may span any number of chunks, and a chunk may end inside a character.
struct LineSplitter {
    /// The longest line: far above etcd's 1.5 MiB for an object, far below what would hurt.
    let limit: Int
    private var rest: [UInt8] = []

    init(limit: Int = 64 << 20) { self.limit = limit }

    /// The line is longer than the limit.
    struct TooLong: Error {}

    /// Whether a line has begun and not ended.
    var isInsideLine: Bool { !rest.isEmpty }

    /// The lines that `chunk` completes, without their ends; empty ones are left out.
    mutating func lines(adding chunk: [UInt8]) throws(TooLong) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var start = 0
        while let end = chunk[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if rest.isEmpty {
                if end > start { lines.append(Array(chunk[start..<end])) }
            } else {
                rest += chunk[start..<end]
                lines.append(rest)
                rest = []
            }
            start = end + 1
        }
        rest += chunk[start...]
        if rest.count > limit { throw TooLong() }
        return lines
    }
}

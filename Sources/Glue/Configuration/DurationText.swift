/// Durations as people write them in a file: `500ms`, `30s`, `5m`, `1h30m`, `2d`.
enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Reads numbers with units, largest first; `nil` for anything else, a bare number included.
    static func parse(_ text: String) -> Duration? {
        var rest = Substring(text)
        var total: Int64 = 0
        var last = Int64.max
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let word = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(word.count)
            guard digits.count <= 9, let number = Int64(digits),
                let unit = units.first(where: { $0.name == word })?.milliseconds, unit < last
            else { return nil }
            total += number * unit
            last = unit
        }
        return last == .max ? nil : .milliseconds(total)
    }

    /// The shortest text that reads back the same.
    static func text(_ duration: Duration) -> String {
        var rest = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        var text = ""
        for unit in units where rest >= unit.milliseconds {
            text += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return text.isEmpty ? "0s" : text
    }
}

import Glibc

/// A point of wall time in milliseconds since 1970-01-01T00:00:00Z, as ClearML's epoch fields and stored dates have it.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Milliseconds since the epoch.
    public var milliseconds: Int64

    /// The point that many milliseconds after the epoch.
    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// The machine's clock, now. For stamps only: measure waits with a `Clock`.
    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// Earlier first.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// The time from `earlier` to here; negative when it is later.
    public func since(_ earlier: Timestamp) -> Duration { .milliseconds(milliseconds - earlier.milliseconds) }

    /// The point `duration` later.
    public static func + (left: Timestamp, duration: Duration) -> Timestamp {
        Timestamp(
            milliseconds: left.milliseconds + duration.components.seconds * 1000
                + duration.components.attoseconds / 1_000_000_000_000_000)
    }

    /// RFC 3339 in UTC with milliseconds: `2026-11-23T23:24:51.644Z`.
    public var description: String { iso(fraction: 3, zone: "Z") }

    /// RFC 3339 in UTC with `fraction` digits of the second (0 … 6) and `zone` (`Z` or `+00:00`) at the end.
    public func iso(fraction: Int, zone: String) -> String {
        var days = milliseconds.floorDivided(by: 86_400_000)
        let rest = milliseconds - days * 86_400_000
        // Civil from days: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
        days += 719_468
        let era = days.floorDivided(by: 146_097)
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shifted + 2) / 5 + 1
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func padded(_ value: Int64, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let clock =
            "\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1000 % 60, 2))"
        let digits = fraction == 0 ? "" : "." + String((padded(rest % 1000, 3) + "000").prefix(fraction))
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock)\(digits)\(zone)"
    }

    /// Reads RFC 3339, with `Z` or a numeric offset, any number of fraction digits, `T` or a blank between.
    public init?(iso text: String) {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[range] {
                guard byte >= 0x30, byte <= 0x39 else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        guard bytes.count >= 20, bytes[4] == 0x2d, bytes[7] == 0x2d, bytes[13] == 0x3a, bytes[16] == 0x3a,
            bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: " "),
            let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        var at = 19
        var fraction: Int64 = 0
        if bytes[at] == UInt8(ascii: ".") {
            at += 1
            var scale: Int64 = 100
            while at < bytes.count, bytes[at] >= 0x30, bytes[at] <= 0x39 {
                fraction += Int64(bytes[at] - 0x30) * scale
                scale /= 10
                at += 1
            }
        }
        var offset: Int64 = 0
        guard at < bytes.count else { return nil }
        switch bytes[at] {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"): guard at + 1 == bytes.count else { return nil }
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            guard at + 6 == bytes.count, bytes[at + 3] == 0x3a, let hours = number(at + 1..<at + 3),
                let minutes = number(at + 4..<at + 6)
            else { return nil }
            offset = (hours * 60 + minutes) * 60_000 * (bytes[at] == UInt8(ascii: "-") ? -1 : 1)
        default: return nil
        }
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.floorDivided(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        milliseconds = ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + fraction - offset
    }
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}

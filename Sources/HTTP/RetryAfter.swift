extension HTTPHeaders {
    /// How long the server asks to wait (`Retry-After`, RFC 9110 §10.2.3): seconds, or a date, measured from the
    /// response's own `Date` so that no clock of ours is needed. `nil` when it does not ask, or not legibly.
    public var retryAfter: Duration? {
        guard let text = self["Retry-After"] else { return nil }
        if let seconds = Int64(text), seconds >= 0 { return .seconds(min(seconds, 86_400 * 365)) }
        guard let then = Self.secondsSinceEpoch(text), let now = self["Date"].flatMap(Self.secondsSinceEpoch) else {
            return nil
        }
        return .seconds(max(0, then - now))
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form of date that servers send.
    private static func secondsSinceEpoch(_ text: String) -> Int64? {
        let fields = text.split { $0 == " " || $0 == ":" || $0 == "," }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard fields.count == 8, fields[7] == "GMT", let day = Int64(fields[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(fields[2])), let year = Int64(fields[3]),
            (1970...9999).contains(year), let hour = Int64(fields[4]), (0..<24).contains(hour),
            let minute = Int64(fields[5]), (0..<60).contains(minute), let second = Int64(fields[6]),
            (0...60).contains(second)
        else { return nil }
        let before: [Int64] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
        func leapDays(_ year: Int64) -> Int64 { year / 4 - year / 100 + year / 400 }
        let isLeap = leapDays(year) > leapDays(year - 1)
        let days =
            (year - 1970) * 365 + leapDays(year - 1) - leapDays(1969) + before[month] + (isLeap && month > 1 ? 1 : 0)
            + day - 1
        return ((days * 24 + hour) * 60 + minute) * 60 + second
    }
}

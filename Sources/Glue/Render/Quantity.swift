/// Kubernetes' quantities: `500m`, `16Gi`, `1e3`, `2`.
enum Quantity {
    private static let suffixes: [String: Double] = [
        "": 1, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
        "Ki": 1024, "Mi": 1_048_576, "Gi": 1_073_741_824, "Ti": 1_099_511_627_776, "Pi": 1_125_899_906_842_624,
        "Ei": 1_152_921_504_606_846_976,
    ]

    /// The value of `text`, near enough to compare; `nil` for what is no quantity.
    static func value(_ text: String) -> Double? {
        let body =
            text.utf8.first == UInt8(ascii: "-") || text.utf8.first == UInt8(ascii: "+") ? text.dropFirst() : text[...]
        let digits = body.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        guard digits.contains(where: { $0 != "." }), digits.filter({ $0 == "." }).count <= 1, digits.count <= 40,
            let number = Double(digits.last == "." ? digits + "0" : digits.first == "." ? "0" + digits : digits)
        else { return nil }
        let sign: Double = text.hasPrefix("-") ? -1 : 1
        let suffix = body.dropFirst(digits.count)
        if let factor = suffixes[String(suffix)] { return sign * number * factor }
        guard suffix.first == "e" || suffix.first == "E", let exponent = Int(suffix.dropFirst()), abs(exponent) <= 18
        else { return nil }
        var value = number
        for _ in 0..<abs(exponent) { value = exponent > 0 ? value * 10 : value / 10 }
        return sign * value
    }

    /// Whether `text` is a whole number of things, at least 0: what extended resources count in.
    static func isCount(_ text: String) -> Bool {
        guard let value = value(text) else { return false }
        return value >= 0 && value == value.rounded() && value < 1e9
    }
}

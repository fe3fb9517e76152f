import JSON

/// An amount of a resource: `500m`, `2Gi`, `1e3`, `1.5`. Compared as a number of billionths.
struct Quantity: Equatable, Comparable {
    /// In billionths, which every suffix down to `n` is a whole number of. A double keeps 53 bits: enough to compare.
    let billionths: Double

    private init(billionths: Double) { self.billionths = billionths }

    init?(_ value: JSONValue) {
        switch value {
        case .string(let text): self.init(text)
        case .integer(let number): self.init(billionths: Double(number) * 1e9)
        case .number(let number): self.init(billionths: number.double * 1e9)
        default: return nil
        }
    }

    init?(_ text: String) {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || "+-.".contains($0)) }
        guard !digits.isEmpty, digits.contains(where: \.isNumber) else { return nil }
        let suffix = String(text.dropFirst(digits.count))
        let scale: Double
        if let known = Self.scales[suffix] {
            scale = known
        } else if let first = suffix.first, first == "e" || first == "E", let power = Int(suffix.dropFirst()) {
            scale = (0..<min(abs(power), 30)).reduce(1.0) { scale, _ in power < 0 ? scale / 10 : scale * 10 }
        } else {
            return nil
        }
        guard let number = Double(digits) else { return nil }
        billionths = number * scale * 1e9
    }

    private static let scales: [String: Double] = [
        "": 1, "n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
        "Ki": 1024, "Mi": 1_048_576, "Gi": 1_073_741_824, "Ti": 1_099_511_627_776, "Pi": 1_125_899_906_842_624,
        "Ei": 1_152_921_504_606_846_976,
    ]

    static func < (left: Quantity, right: Quantity) -> Bool { left.billionths < right.billionths }
}

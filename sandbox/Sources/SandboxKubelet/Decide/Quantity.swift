/// A Kubernetes quantity: `500m`, `16Gi`, `2`.
struct Quantity: Sendable, Comparable {
    /// In the resource's unit: cores, bytes, pieces.
    let value: Double

    private static let suffixes: [(String, Double)] = [
        ("Ki", 1024), ("Mi", 1_048_576), ("Gi", 1_073_741_824), ("Ti", 1_099_511_627_776),
        ("Pi", 1_125_899_906_842_624),
        ("Ei", 1_152_921_504_606_846_976), ("n", 1e-9), ("u", 1e-6), ("m", 1e-3), ("k", 1e3), ("M", 1e6), ("G", 1e9),
        ("T", 1e12), ("P", 1e15), ("E", 1e18),
    ]

    init(value: Double) { self.value = value }

    /// Reads a quantity; `nil` when it is none.
    init?(_ text: String) {
        for (suffix, factor) in Self.suffixes where text.hasSuffix(suffix) {
            guard let number = Double(text.dropLast(suffix.count)) else { return nil }
            value = number * factor
            return
        }
        guard let number = Double(text) else { return nil }
        value = number
    }

    static func < (left: Quantity, right: Quantity) -> Bool { left.value < right.value }
}

/// `$(NAME)` in commands, arguments and values, as Kubernetes reads it.
enum Expansion {
    /// Replaces `$(NAME)` by its value; `$$` is `$`; a name that is not there stays as it is.
    static func expand(_ text: String, _ values: [String: String]) -> String {
        var result = ""
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            let after = rest.index(after: dollar)
            guard after < rest.endIndex else { return result + "$" }
            switch rest[after] {
            case "$":
                result += "$"
                rest = rest[rest.index(after: after)...]
            case "(":
                guard let close = rest[after...].firstIndex(of: ")") else { return result + rest[dollar...] }
                let name = String(rest[rest.index(after: after)..<close])
                result += values[name] ?? "$(\(name))"
                rest = rest[rest.index(after: close)...]
            default:
                result += "$"
                rest = rest[after...]
            }
        }
        return result + rest
    }
}

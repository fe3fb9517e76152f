import Glibc

/// The process's own facts.
public enum ProcessFacts {
    /// The environment at the moment of asking. Read it once, at the start, and pass it on.
    public static func environment() -> [String: String] {
        var result: [String: String] = [:]
        var at = environ
        while let entry = at.pointee {
            let text = String(cString: entry)
            if let equals = text.firstIndex(of: "=") {
                result[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            at += 1
        }
        return result
    }

    /// The machine's name.
    public static func hostName() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Reads YAML as Kubernetes does: YAML 1.1 scalars (`yes`, `0o17`, `1_000`), keys that are strings.
///
/// Stricter where leniency hides mistakes: a key that stands twice is refused, and so are keys that are lists or
/// mappings, tags of one's own, and numbers that JSON cannot write.
public enum YAMLDocument {
    /// How deep lists and mappings may nest.
    public static let depthLimit = 200
    /// How many values a text may have, aliases counted at their full size.
    public static let nodeLimit = 1_000_000
    /// How many of them may come out of aliases: a text of a few lines can ask for billions.
    public static let aliasLimit = 100_000

    /// Reads all documents of a text; empty ones are left out.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8.
    ///   - file: how errors call the text.
    /// - Throws: `YAMLError` about the first fault.
    public static func parse(_ bytes: [UInt8], file: String) throws(YAMLError) -> [YAMLNode] {
        var composer = Composer(EventReader(bytes, file: file))
        return try composer.documents()
    }
}

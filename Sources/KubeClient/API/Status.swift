public import JSON

/// What the API server says about a call that failed (`v1` Status).
public struct Status: Sendable, Hashable, CustomStringConvertible {
    /// One reason of several, with the field it is about.
    public struct Cause: Sendable, Hashable {
        /// `FieldValueRequired` …
        public let reason: String
        /// For people.
        public let message: String
        /// `spec.template.spec.containers[0].image`.
        public let field: String
    }

    /// The HTTP status code.
    public let code: Int
    /// Why, in one word: `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Forbidden`, `Expired` …
    public let reason: String
    /// For people.
    public let message: String
    /// The single reasons, of an invalid object.
    public let causes: [Cause]
    /// How long the server asks to wait.
    public let retryAfter: Duration?
    /// The identity of the object, where the server names it.
    public let uid: String?

    /// A status with the given parts.
    public init(
        code: Int, reason: String, message: String, causes: [Cause] = [], retryAfter: Duration? = nil,
        uid: String? = nil
    ) {
        self.code = code
        self.reason = reason
        self.message = message
        self.causes = causes
        self.retryAfter = retryAfter
        self.uid = uid
    }

    /// Reads a Status object; `nil` when this is none.
    public init?(raw: JSONValue, code: Int? = nil) {
        guard raw["kind"]?.string == "Status" else { return nil }
        self.init(
            code: raw["code"]?.int ?? code ?? 0,
            reason: raw["reason"]?.string ?? "",
            message: raw["message"]?.string ?? "",
            causes: raw.at("details", "causes")?.array?.map {
                Cause(
                    reason: $0["reason"]?.string ?? "", message: $0["message"]?.string ?? "",
                    field: $0["field"]?.string ?? "")
            } ?? [],
            retryAfter: raw.at("details", "retryAfterSeconds")?.integer.flatMap { $0 > 0 ? .seconds($0) : nil },
            uid: raw.at("details", "uid")?.string)
    }

    /// `404 NotFound: pods "x" not found`.
    public var description: String {
        (reason.isEmpty ? "\(code)" : "\(code) \(reason)") + (message.isEmpty ? "" : ": \(message)")
    }
}

public import JSON

/// A request that was refused, as the API server says it: the content of a `Status`.
public struct KubeRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// The HTTP status.
    public var code: Int
    /// `NotFound`, `Conflict` …
    public var reason: String
    /// The sentence.
    public var message: String
    /// Which object, and the causes.
    public var details: JSONValue?
    /// Seconds after which to ask again.
    public var retryAfter: Int?

    /// A refusal with the given parts.
    public init(
        code: Int, reason: String, message: String, details: JSONValue? = nil, retryAfter: Int? = nil
    ) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.retryAfter = retryAfter
    }

    /// The sentence.
    public var description: String { "\(reason): \(message)" }

    /// The `Status` object.
    public var status: JSONValue {
        var status: JSONValue = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure", "message": .string(message),
        ]
        if !reason.isEmpty { status["reason"] = .string(reason) }
        var details = self.details
        if let retryAfter {
            var object = details?.object ?? [:]
            object["retryAfterSeconds"] = .integer(Int64(retryAfter))
            details = .object(object)
        }
        status["details"] = details
        status["code"] = .integer(Int64(code))
        return status
    }
}

/// One field that is wrong.
struct FieldCause: Equatable {
    var field: String
    var reason: String
    var message: String

    static func required(_ field: String, _ detail: String = "") -> FieldCause {
        FieldCause(
            field: field, reason: "FieldValueRequired",
            message: detail.isEmpty ? "Required value" : "Required value: \(detail)")
    }

    static func invalid(_ field: String, _ value: JSONValue, _ detail: String) -> FieldCause {
        FieldCause(
            field: field, reason: "FieldValueInvalid", message: "Invalid value: \(value.text()): \(detail)")
    }

    static func unsupported(_ field: String, _ value: String, _ supported: [String]) -> FieldCause {
        FieldCause(
            field: field, reason: "FieldValueNotSupported",
            message:
                "Unsupported value: \"\(value)\": supported values: \(supported.map { "\"\($0)\"" }.joined(separator: ", "))"
        )
    }

    static func duplicate(_ field: String, _ value: String) -> FieldCause {
        FieldCause(field: field, reason: "FieldValueDuplicate", message: "Duplicate value: \"\(value)\"")
    }

    static func notFound(_ field: String, _ value: String) -> FieldCause {
        FieldCause(field: field, reason: "FieldValueNotFound", message: "Not found: \"\(value)\"")
    }

    static func forbidden(_ field: String, _ detail: String) -> FieldCause {
        FieldCause(field: field, reason: "FieldValueForbidden", message: "Forbidden: \(detail)")
    }
}

extension KubeRefusal {
    private static func details(_ kind: KubeKind, _ name: String) -> JSONValue {
        var details: JSONValue = [:]
        if !name.isEmpty { details["name"] = .string(name) }
        if !kind.group.isEmpty { details["group"] = .string(kind.group) }
        details["kind"] = .string(kind.plural)
        return details
    }

    static func notFound(_ kind: KubeKind, _ name: String) -> KubeRefusal {
        KubeRefusal(
            code: 404, reason: "NotFound", message: "\(kind.qualifiedPlural) \"\(name)\" not found",
            details: details(kind, name))
    }

    static func alreadyExists(_ kind: KubeKind, _ name: String) -> KubeRefusal {
        KubeRefusal(
            code: 409, reason: "AlreadyExists", message: "\(kind.qualifiedPlural) \"\(name)\" already exists",
            details: details(kind, name))
    }

    static func conflict(_ kind: KubeKind, _ name: String, _ why: String) -> KubeRefusal {
        KubeRefusal(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on \(kind.qualifiedPlural) \"\(name)\": \(why)",
            details: details(kind, name))
    }

    static func forbidden(
        _ kind: KubeKind, _ name: String, _ why: String, causes: [JSONValue] = []
    ) -> KubeRefusal {
        var details = details(kind, name)
        if !causes.isEmpty { details["causes"] = .array(causes) }
        let object = name.isEmpty ? kind.qualifiedPlural : "\(kind.qualifiedPlural) \"\(name)\""
        return KubeRefusal(
            code: 403, reason: "Forbidden", message: "\(object) is forbidden: \(why)", details: details)
    }

    static func invalid(_ kind: KubeKind, _ name: String, _ causes: [FieldCause]) -> KubeRefusal {
        let sentences = causes.map { "\($0.field): \($0.message)" }
        let list = sentences.count == 1 ? sentences[0] : "[\(sentences.joined(separator: ", "))]"
        var details: JSONValue = [:]
        if !name.isEmpty { details["name"] = .string(name) }
        if !kind.group.isEmpty { details["group"] = .string(kind.group) }
        details["kind"] = .string(kind.kind)
        details["causes"] = .array(
            causes.map {
                ["reason": .string($0.reason), "message": .string($0.message), "field": .string($0.field)]
            })
        return KubeRefusal(
            code: 422, reason: "Invalid", message: "\(kind.qualifiedKind) \"\(name)\" is invalid: \(list)",
            details: details)
    }

    static func badRequest(_ message: String) -> KubeRefusal {
        KubeRefusal(code: 400, reason: "BadRequest", message: message)
    }

    static let unauthorized = KubeRefusal(code: 401, reason: "Unauthorized", message: "Unauthorized")

    static let pageNotFound = KubeRefusal(
        code: 404, reason: "NotFound", message: "the server could not find the requested resource", details: [:])

    static func methodNotAllowed(_ kind: KubeKind) -> KubeRefusal {
        KubeRefusal(
            code: 405, reason: "MethodNotAllowed",
            message: "the server does not allow this method on the requested resource",
            details: details(kind, ""))
    }

    static func expired(_ message: String) -> KubeRefusal {
        KubeRefusal(code: 410, reason: "Expired", message: message)
    }

    static func unsupportedMediaType(accepted: [String]) -> KubeRefusal {
        KubeRefusal(
            code: 415, reason: "UnsupportedMediaType",
            message: "the body of the request was in an unknown format - accepted media types include: "
                + accepted.joined(separator: ", "))
    }

    static func notAcceptable() -> KubeRefusal {
        KubeRefusal(
            code: 406, reason: "NotAcceptable",
            message: "only the following media types are accepted: application/json")
    }

    static func tooLarge(limit: Int) -> KubeRefusal {
        KubeRefusal(
            code: 413, reason: "RequestEntityTooLarge", message: "Request entity too large: limit is \(limit)")
    }

    static func internalError(_ message: String) -> KubeRefusal {
        KubeRefusal(
            code: 500, reason: "InternalError", message: "Internal error occurred: \(message)",
            details: ["causes": [["message": .string(message)]]])
    }
}

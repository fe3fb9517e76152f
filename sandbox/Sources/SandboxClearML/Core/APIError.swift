/// A refusal as ClearML words it: the HTTP status is `code`, `subcode` says which rule.
struct APIError: Error, Equatable {
    let code: Int
    let subcode: Int
    let message: String

    init(_ code: Int, _ subcode: Int, _ message: String, _ facts: KeyValuePairs<String, String> = [:]) {
        self.code = code
        self.subcode = subcode
        let facts = facts.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
        self.message = facts.isEmpty ? message : "\(message): \(facts)"
    }

    static func bad(_ subcode: Int, _ message: String, _ facts: KeyValuePairs<String, String> = [:]) -> APIError {
        APIError(400, subcode, message, facts)
    }

    static func unknownEndpoint(_ action: String, _ version: APIVersion) -> APIError {
        APIError(404, 0, "Unable to find endpoint for name \(action) and version \(version)")
    }

    static func unauthorized(_ subcode: Int, _ message: String) -> APIError { APIError(401, subcode, message) }

    // The subcodes of 400 in use; the numbers are the server's.
    static func validation(_ field: String, _ why: String) -> APIError {
        .bad(12, "Validation error (error for field '\(field)'. \(why))")
    }
    static func badFieldName(_ field: String) -> APIError { .bad(14, "Invalid field name in query", ["field": field]) }
    static func invalidID(_ id: String) -> APIError { .bad(10, "Invalid id", ["id": id]) }
    static func unknownTask(_ id: String) -> APIError { .bad(101, "Invalid task id", ["id": id]) }
    static func taskStatus(_ why: String, from: TaskStatus, to: TaskStatus) -> APIError {
        .bad(110, "Invalid task status: \(why)", ["current_status": from.rawValue, "new_status": to.rawValue])
    }
    static func taskStatus(_ status: TaskStatus, expected: String) -> APIError {
        .bad(110, "Invalid task status", ["expected": expected, "status": status.rawValue])
    }
    static func unknownQueue(_ id: String) -> APIError { .bad(701, "Invalid queue id", ["id": id]) }
    static func notQueued(task: String, queue: String, company: String) -> APIError {
        .bad(703, "Invalid queue id or task not in queue", ["task": task, "id": queue, "company": company])
    }
    static func alreadyQueued(_ task: String) -> APIError { .bad(706, "Task already queued", ["task": task]) }
    static func unknownProject(_ id: String) -> APIError { .bad(401, "Invalid project id", ["id": id]) }
    static func unknownModel(_ id: String) -> APIError { .bad(201, "Invalid model id", ["model": id]) }
    static func data(_ why: String) -> APIError { .bad(800, "Data validation error: \(why)") }
}

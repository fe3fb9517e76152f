import JSON

/// The `…_many` form of a call: each id on its own, failures listed beside the successes, HTTP 200 in any case.
struct Many: Sendable {
    private let single: Endpoint.Body
    private let argument: String
    private let summary: @Sendable (JSONValue) -> JSONValue

    /// - Parameters:
    ///   - single: the call for one id.
    ///   - argument: the name under which the single call takes the id.
    ///   - summary: what of the single call's answer stands beside the id.
    init(
        _ single: @escaping Endpoint.Body, argument: String = "task",
        summary: @escaping @Sendable (JSONValue) -> JSONValue = { $0 }
    ) {
        self.single = single
        self.argument = argument
        self.summary = summary
    }

    @Sendable func run(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        var succeeded: [JSONValue] = []
        var failed: [JSONValue] = []
        for id in try call.requiredTexts("ids") {
            do throws(APIError) {
                let answer = try single(&store, call.with([argument: .string(id)]))
                var line: JSONValue = ["id": .string(id)]
                for (name, value) in summary(answer).object ?? JSONObject() { line[name] = value }
                succeeded.append(line)
            } catch {
                failed.append([
                    "id": .string(id),
                    "error": [
                        "codes": [.integer(Int64(error.code)), .integer(Int64(error.subcode))],
                        "msg": .string(error.message), "data": [:],
                    ],
                ])
            }
        }
        return ["succeeded": .array(succeeded), "failed": .array(failed)]
    }
}

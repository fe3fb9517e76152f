import HTTP
import JSON

/// Reads bodies.
enum RequestBody {
    static func json(_ request: HTTPRequest) throws(KubeRefusal) -> JSONValue {
        let type = mediaType(request)
        if type == ProtobufBody.mediaType { return try ProtobufBody.json(request.body ?? []) }
        guard type.isEmpty || type == "application/json" || type == "*/*" else {
            throw .unsupportedMediaType(accepted: ["application/json"])
        }
        return try parse(request.body ?? [])
    }

    /// `application/json` of `Application/JSON; charset=utf-8`.
    static func mediaType(_ request: HTTPRequest) -> String {
        let whole = request.headers["Content-Type"] ?? ""
        return whole.split(separator: ";").first.map { $0.split(separator: " ").joined().lowercased() } ?? ""
    }

    static func parse(_ body: [UInt8]) throws(KubeRefusal) -> JSONValue {
        if body.isEmpty { throw .badRequest("unexpected end of JSON input: the request has no body") }
        do throws(JSONError) {
            return try JSONValue(parsing: body)
        } catch {
            throw .badRequest("couldn't get version/kind; json parse error: \(error)")
        }
    }
}

extension KubeSandbox {
    /// The object in a request's body, in its stored form, with the warnings it gives rise to.
    func readObject(_ request: ResourceRequest) throws(KubeRefusal) -> (JSONValue, [String]) {
        let object = try RequestBody.json(request.http)
        guard object.object != nil else {
            throw .badRequest("the request's body is \(object.kindName), not an object")
        }
        let kind = object.string("kind") ?? ""
        let version = object.string("apiVersion") ?? ""
        if kind.isEmpty {
            throw .badRequest("Object 'Kind' is missing in the request's body")
        }
        if kind != request.kind.kind || version != request.kind.apiVersion {
            throw .badRequest(
                "the API version in the data (\(version), Kind=\(kind)) does not match the expected API version (\(request.kind.apiVersion), Kind=\(request.kind.kind))"
            )
        }
        let validation = request.target["fieldValidation"]
        let warnings = try Self.check(
            object, request.kind, isStrict: validation == "Strict", ignores: validation == "Ignore")
        return (EventForm.stored(object, from: request.kind), warnings)
    }

    /// Refuses what has the wrong type; unknown fields are warned of, or refused when the request is strict.
    static func check(
        _ object: JSONValue, _ kind: KubeKind, isStrict: Bool, ignores: Bool
    ) throws(KubeRefusal) -> [String] {
        let check = SchemaCheck(object, kind: kind)
        let beginning = "\(kind.kind) in version \"\(kind.version)\" cannot be handled as a \(kind.kind): "
        if let mismatch = check.mismatch { throw .badRequest(beginning + mismatch) }
        if check.unknown.isEmpty || ignores { return [] }
        let sentences = check.unknown.map { "unknown field \"\($0)\"" }
        if isStrict {
            throw .badRequest(beginning + "strict decoding error: " + sentences.joined(separator: ", "))
        }
        return sentences
    }
}

/// A patch of one of the three kinds.
struct ObjectPatch: Sendable {
    private enum Form: Sendable { case merge, json, strategic }

    private let form: Form
    private let body: JSONValue
    private let kind: KubeKind

    init(_ request: ResourceRequest) throws(KubeRefusal) {
        kind = request.kind
        switch RequestBody.mediaType(request.http) {
        case "application/merge-patch+json": form = .merge
        case "application/json-patch+json": form = .json
        case "application/strategic-merge-patch+json": form = .strategic
        default:
            throw .unsupportedMediaType(accepted: [
                "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
            ])
        }
        body = try RequestBody.parse(request.http.body ?? [])
        if form == .merge, body.object == nil {
            throw .badRequest("a merge patch is an object, not \(body.kindName)")
        }
        if form == .json, body.array?.allSatisfy({ $0.object != nil }) != true {
            throw .badRequest("a JSON patch is a list of operations, each an object")
        }
    }

    /// Whether it writes `metadata.resourceVersion`.
    var namesVersion: Bool {
        switch form {
        case .merge, .strategic: body.string("metadata", "resourceVersion") != nil
        case .json: body.array?.contains { $0["path"]?.string == "/metadata/resourceVersion" } ?? false
        }
    }

    func apply(to object: JSONValue) throws(KubeRefusal) -> JSONValue {
        switch form {
        case .merge: return object.applying(mergePatch: body)
        case .strategic: return try StrategicMerge().apply(body, to: object, kind: kind.stored)
        case .json:
            do throws(JSONPatchError) {
                return try object.applying(patch: body)
            } catch {
                throw KubeRefusal(
                    code: 422, reason: "Invalid",
                    message: "the server rejected our request due to an error in our request: \(error)",
                    details: ["causes": [["reason": "UnexpectedServerResponse", "message": .string("\(error)")]]])
            }
        }
    }
}

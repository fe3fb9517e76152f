import HTTP
import JSON

extension HTTPRequest {
    /// An `X-Clearml-…` header, or its older `X-Trains-…` twin.
    func clearml(_ name: String) -> String? { headers["X-Clearml-\(name)"] ?? headers["X-Trains-\(name)"] }
}

/// A request's body: one object, or the lines of a batch.
enum RequestBody {
    case single(JSONObject)
    case batch([JSONValue])

    /// The query and form fields are merged into the object; the content type decides only whether it is a batch.
    init(_ request: HTTPRequest, target: Target) throws(APIError) {
        let content = request.body ?? []
        let type = request.headers["Content-Type"]?.lowercased() ?? ""
        if type.hasPrefix("application/json-lines") {
            self = .batch(try Self.lines(content))
            return
        }
        var object = JSONObject()
        for (name, value) in target.query { object[name] = Self.guessed(value) }
        if type.hasPrefix("application/x-www-form-urlencoded"), content.first != UInt8(ascii: "{") {
            for (name, value) in formFields(String(decoding: content, as: UTF8.self)) {
                object[name] = Self.guessed(value)
            }
        } else if !content.allSatisfy({ $0 <= 0x20 }) {
            for (name, value) in try Self.object(content) { object[name] = value }
        }
        self = .single(object)
    }

    private static func object(_ content: [UInt8]) throws(APIError) -> JSONObject {
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: content) } catch {
            throw .bad(0, "Bad request: \(error)")
        }
        if value.isNull { return JSONObject() }
        guard let object = value.object else { throw .bad(0, "Bad request: the body is \(value.kindName)") }
        return object
    }

    /// Splits where Python's `bytes.splitlines` does: at LF, CR and CR LF.
    private static func lines(_ content: [UInt8]) throws(APIError) -> [JSONValue] {
        var lines: [JSONValue] = []
        for line in content.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) where !line.allSatisfy({ $0 == 0x20 }) {
            do throws(JSONError) { lines.append(try JSONValue(parsing: line)) } catch {
                throw .bad(0, "Bad request: failed decoding batch line \(lines.count + 1): \(error)")
            }
        }
        if lines.isEmpty { throw .bad(17, "Batch contains no items") }
        return lines
    }

    /// A query or form value as the JSON it most likely means: numbers and booleans become such.
    private static func guessed(_ text: String) -> JSONValue {
        if let integer = Int64(text) { return .integer(integer) }
        if let number = Double(text) { return .double(number) }
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default: return .string(text)
        }
    }
}

import JSON
import OS

/// Who calls.
struct Caller: Equatable {
    let user: String
    let name: String
}

/// One call of an endpoint: its arguments, who calls and when.
struct Call {
    let action: String
    /// The version the caller asked for.
    let version: APIVersion
    let body: RequestBody
    /// The `X-Clearml-Worker` header.
    let worker: String?
    let caller: Caller?
    let now: Timestamp
    let makeID: @Sendable () -> String

    /// The caller's user id; only endpoints without authorization have none.
    var user: String { caller?.user ?? "" }

    /// The moment of the call as responses and documents write it.
    var date: JSONValue { .string(now.clearml) }

    /// The arguments of a call that is no batch.
    var arguments: JSONObject {
        if case .single(let object) = body { object } else { JSONObject() }
    }

    /// The argument, unless it is absent or null.
    subscript(name: String) -> JSONValue? {
        guard let value = arguments[name], !value.isNull else { return nil }
        return value
    }

    func text(_ name: String) throws(APIError) -> String {
        guard let text = try optionalText(name) else { throw .validation(name, "field is required!") }
        return text
    }

    func optionalText(_ name: String) throws(APIError) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw wrongType(name, value, "string") }
        return text
    }

    func flag(_ name: String, default standard: Bool = false) throws(APIError) -> Bool {
        guard let value = self[name] else { return standard }
        guard let flag = value.bool else { throw wrongType(name, value, "bool") }
        return flag
    }

    /// A whole number, no further from 0 than 2⁵³: no sum or product of the handlers overflows.
    func integer(_ name: String) throws(APIError) -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = value.whole else { throw wrongType(name, value, "int") }
        return Int(max(-Self.farthest, min(number, Self.farthest)))
    }

    private static let farthest: Int64 = 1 << 53

    /// The place in a list that a `scroll_id` of ours stands for; the beginning for any other.
    func scrollPlace() throws(APIError) -> Int {
        let place = try optionalText("scroll_id").flatMap { Int64($0) } ?? 0
        return Int(max(0, min(place, Self.farthest)))
    }

    func texts(_ name: String) throws(APIError) -> [String]? {
        guard let value = self[name] else { return nil }
        if let one = value.string { return [one] }
        guard let list = value.array else { throw wrongType(name, value, "list") }
        var texts: [String] = []
        for element in list {
            guard let text = element.string else { throw wrongType(name, element, "string") }
            texts.append(text)
        }
        return texts
    }

    func requiredTexts(_ name: String) throws(APIError) -> [String] {
        guard let texts = try texts(name) else { throw .validation(name, "field is required!") }
        return texts
    }

    func object(_ name: String) throws(APIError) -> JSONObject? {
        guard let value = self[name] else { return nil }
        guard let object = value.object else { throw wrongType(name, value, "dict") }
        return object
    }

    func objects(_ name: String) throws(APIError) -> [JSONObject] {
        guard let value = self[name] else { throw .validation(name, "field is required!") }
        guard let list = value.array else { throw wrongType(name, value, "list") }
        var objects: [JSONObject] = []
        for element in list {
            guard let object = element.object else { throw wrongType(name, element, "dict") }
            objects.append(object)
        }
        return objects
    }

    /// This call with other arguments: how the `…_many` forms call the single ones.
    func with(_ changes: KeyValuePairs<String, JSONValue>) -> Call {
        var object = arguments
        for (name, value) in changes { object[name] = value }
        return Call(
            action: action, version: version, body: .single(object), worker: worker, caller: caller, now: now,
            makeID: makeID)
    }

    private func wrongType(_ name: String, _ value: JSONValue, _ wanted: String) -> APIError {
        .validation(name, "value is \(value.kindName), expected type \"\(wanted)\".")
    }
}

extension JSONValue {
    /// The number without its fraction, if this is one that fits.
    var whole: Int64? { integer ?? double.flatMap { Int64(exactly: $0.rounded(.towardZero)) } }

    /// The value, or nothing. (A bare `nil` beside a `JSONValue` would become the value `null`.)
    var unlessNull: JSONValue? { isNull ? JSONValue?.none : self }
}

extension Timestamp {
    /// `2026-11-23T23:24:51.644000+00:00`, as ClearML writes dates.
    var clearml: String { iso(fraction: 6, zone: "+00:00") }

    /// Reads a date of a filter: RFC 3339, or the same without a zone, which is UTC.
    init?(lenient text: String) {
        if let exact = Timestamp(iso: text) {
            self = exact
        } else if let utc = Timestamp(iso: text + "Z") {
            self = utc
        } else {
            return nil
        }
    }
}

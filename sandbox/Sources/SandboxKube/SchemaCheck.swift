import JSON
import OS

/// How an object fits the schema.
struct SchemaCheck {
    private let schema: Schema
    /// Fields that no type has, as paths: `spec.template.spec.nodeSelecter`.
    private(set) var unknown: [String] = []
    /// The first field of the wrong type, in Go's words.
    private(set) var mismatch: String?

    init(_ object: JSONValue, kind: KubeKind, schema: Schema = .kubernetes) {
        self.schema = schema
        walk(object, .object(Schema.root(of: kind)), path: "", names: "", holder: Schema.root(of: kind))
    }

    /// `path` counts list elements, as messages on unknown fields do; `names` leaves them out, as Go's decoder does.
    private mutating func walk(
        _ value: JSONValue, _ type: Schema.FieldType, path: String, names: String, holder: String
    ) {
        if mismatch != nil || value.isNull { return }
        func fail(_ goType: String) -> String {
            let kind =
                switch value {
                case .null: "null"
                case .bool: "bool"
                case .integer: "number"
                case .number(let number): "number \(number.text)"
                case .string: "string"
                case .array: "array"
                case .object: "object"
                }
            let shown = holder == "CoreEvent" ? "Event" : holder
            return "json: cannot unmarshal \(kind) into Go struct field \(shown).\(names) of type \(goType)"
        }
        switch type {
        case .string:
            if value.string == nil { mismatch = fail("string") }
        case .base64:
            guard let text = value.string else {
                mismatch = fail("[]uint8")
                return
            }
            if Base64.decode(text) == nil { mismatch = "illegal base64 data in \(path)" }
        case .int32:
            if value.integer.flatMap({ Int32(exactly: $0) }) == nil { mismatch = fail("int32") }
        case .int64:
            if value.integer == nil { mismatch = fail("int64") }
        case .boolean:
            if value.bool == nil { mismatch = fail("bool") }
        case .quantity:
            if Quantity(value) == nil {
                mismatch =
                    value.string == nil
                    ? fail("resource.Quantity")
                    : "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            }
        case .time, .microTime:
            guard let text = value.string else {
                mismatch = fail(type == .time ? "v1.Time" : "v1.MicroTime")
                return
            }
            if Timestamp(iso: text) == nil {
                mismatch = "parsing time \"\(text)\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\(text)\""
            }
        case .integerOrString:
            if value.string == nil, value.integer == nil { mismatch = fail("intstr.IntOrString") }
        case .anything: break
        case .list(let element):
            guard let elements = value.array else {
                mismatch = fail("[]\(Self.goName(element))")
                return
            }
            for (place, one) in elements.enumerated() {
                walk(one, element, path: "\(path)[\(place)]", names: names, holder: holder)
            }
        case .map(let element):
            guard let members = value.object else {
                mismatch = fail("map[string]\(Self.goName(element))")
                return
            }
            for (key, one) in members {
                walk(one, element, path: "\(path)[\(key)]", names: names, holder: holder)
            }
        case .object(let name):
            guard let members = value.object else {
                mismatch = fail("v1.\(name)")
                return
            }
            guard let fields = schema.fields(of: name) else { return }
            for (key, one) in members {
                let below = path.isEmpty ? key : "\(path).\(key)"
                guard let field = fields[key] else {
                    unknown.append(below)
                    continue
                }
                walk(
                    one, field.type, path: below, names: names.isEmpty ? key : "\(names).\(key)", holder: name)
            }
        }
    }

    private static func goName(_ type: Schema.FieldType) -> String {
        switch type {
        case .string: "string"
        case .int32: "int32"
        case .int64: "int64"
        case .boolean: "bool"
        case .base64: "[]uint8"
        case .quantity: "resource.Quantity"
        case .time: "v1.Time"
        case .microTime: "v1.MicroTime"
        case .integerOrString: "intstr.IntOrString"
        case .anything: "interface {}"
        case .list(let element): "[]\(goName(element))"
        case .map(let element): "map[string]\(goName(element))"
        case .object(let name): "v1.\(name)"
        }
    }
}

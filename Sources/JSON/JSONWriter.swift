extension JSONValue {
    /// The document as UTF-8, without spaces, members in order. Strings escape only what RFC 8259 §7 demands.
    public var bytes: [UInt8] {
        var writer = JSONWriter(pretty: false, sorted: false)
        writer.write(self)
        return writer.output
    }

    /// The document as text; `pretty` indents by two spaces, `sorted` orders members by name.
    public func text(pretty: Bool = false, sorted: Bool = false) -> String {
        var writer = JSONWriter(pretty: pretty, sorted: sorted)
        writer.write(self)
        return String(decoding: writer.output, as: UTF8.self)
    }
}

struct JSONWriter {
    let pretty: Bool
    let sorted: Bool
    var output: [UInt8] = []
    private var indent = 0

    init(pretty: Bool, sorted: Bool) {
        self.pretty = pretty
        self.sorted = sorted
    }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .integer(let value): output += String(value).utf8
        case .number(let value): output += value.text.utf8
        case .string(let value): write(string: value)
        case .array(let elements):
            list(open: "[", close: "]", isEmpty: elements.isEmpty) { writer in
                for (place, element) in elements.enumerated() {
                    writer.separate(place)
                    writer.write(element)
                }
            }
        case .object(let object):
            let members = sorted ? object.sorted { $0.key < $1.key } : Array(object)
            list(open: "{", close: "}", isEmpty: members.isEmpty) { writer in
                for (place, member) in members.enumerated() {
                    writer.separate(place)
                    writer.write(string: member.key)
                    writer.output += (writer.pretty ? ": " : ":").utf8
                    writer.write(member.value)
                }
            }
        }
    }

    private mutating func list(open: Character, close: Character, isEmpty: Bool, _ body: (inout JSONWriter) -> Void) {
        output += String(open).utf8
        if !isEmpty {
            indent += 2
            body(&self)
            indent -= 2
            newline()
        }
        output += String(close).utf8
    }

    private mutating func separate(_ place: Int) {
        if place > 0 { output.append(UInt8(ascii: ",")) }
        newline()
    }

    private mutating func newline() {
        guard pretty else { return }
        output.append(UInt8(ascii: "\n"))
        output += repeatElement(UInt8(ascii: " "), count: indent)
    }

    private mutating func write(string: String) {
        output.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""): output += #"\""#.utf8
            case UInt8(ascii: "\\"): output += #"\\"#.utf8
            case 0x0a: output += #"\n"#.utf8
            case 0x0d: output += #"\r"#.utf8
            case 0x09: output += #"\t"#.utf8
            case 0..<0x20:
                let hex = Array("0123456789abcdef".utf8)
                output += #"\u00"#.utf8
                output += [hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}

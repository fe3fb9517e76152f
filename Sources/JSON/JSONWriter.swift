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
            list(open: UInt8(ascii: "["), close: UInt8(ascii: "]"), isEmpty: elements.isEmpty) { writer in
                for (place, element) in elements.enumerated() {
                    writer.separate(place)
                    writer.write(element)
                }
            }
        case .object(let object):
            list(open: UInt8(ascii: "{"), close: UInt8(ascii: "}"), isEmpty: object.isEmpty) { writer in
                if writer.sorted {
                    writer.write(members: object.sorted { $0.key < $1.key })
                } else {
                    writer.write(members: object)
                }
            }
        }
    }

    private mutating func write(members: some Sequence<JSONObject.Member>) {
        var place = 0
        for member in members {
            separate(place)
            write(string: member.key)
            output.append(UInt8(ascii: ":"))
            if pretty { output.append(UInt8(ascii: " ")) }
            write(member.value)
            place += 1
        }
    }

    private mutating func list(open: UInt8, close: UInt8, isEmpty: Bool, _ body: (inout JSONWriter) -> Void) {
        output.append(open)
        if !isEmpty {
            indent += 2
            body(&self)
            indent -= 2
            newline()
        }
        output.append(close)
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
        let isDone: Void? = string.utf8.withContiguousStorageIfAvailable { write(escaping: $0) }
        if isDone == nil { Array(string.utf8).withUnsafeBufferPointer { write(escaping: $0) } }
        output.append(UInt8(ascii: "\""))
    }

    /// Runs of bytes that need no escape go out as one.
    private mutating func write(escaping bytes: UnsafeBufferPointer<UInt8>) {
        var start = 0
        for place in bytes.indices {
            let byte = bytes[place]
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { continue }
            output.append(contentsOf: bytes[start..<place])
            start = place + 1
            switch byte {
            case UInt8(ascii: "\""): output += #"\""#.utf8
            case UInt8(ascii: "\\"): output += #"\\"#.utf8
            case 0x0a: output += #"\n"#.utf8
            case 0x0d: output += #"\r"#.utf8
            case 0x09: output += #"\t"#.utf8
            default:
                let hex = Array("0123456789abcdef".utf8)
                output += #"\u00"#.utf8
                output += [hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        output.append(contentsOf: bytes[start...])
    }
}

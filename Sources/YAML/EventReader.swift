import CYAML

/// A scalar as it was written, not yet understood.
struct RawScalar {
    let text: String
    let tag: String?
    let isPlain: Bool
}

/// What libyaml finds, one after the other.
struct YAMLEvent {
    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd, sequenceEnd, mappingEnd
        case alias(String)
        case scalar(RawScalar, anchor: String?)
        case sequenceStart(tag: String?, anchor: String?)
        case mappingStart(tag: String?, anchor: String?)
    }

    let kind: Kind
    let position: YAMLPosition
}

/// libyaml's parser over bytes it holds itself.
final class EventReader {
    let file: String
    private let bytes: [UInt8]
    private let input: UnsafeMutableBufferPointer<UInt8>
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let isReady: Bool

    init(_ bytes: [UInt8], file: String) {
        self.file = file
        self.bytes = bytes
        input = .allocate(capacity: bytes.count)
        _ = input.initialize(from: bytes)
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        isReady = yaml_parser_initialize(parser) == 1
        if isReady {
            yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(parser, input.baseAddress, input.count)
        }
    }

    deinit {
        if isReady { yaml_parser_delete(parser) }
        parser.deallocate()
        input.deallocate()
    }

    func error(_ position: YAMLPosition, _ message: String) -> YAMLError {
        YAMLError(file: file, position: position, message: message)
    }

    func next() throws(YAMLError) -> YAMLEvent {
        guard isReady else { throw error(YAMLPosition(line: 1, column: 1), "libyaml has no memory") }
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
        defer { yaml_event_delete(&event) }
        return YAMLEvent(kind: try kind(of: event), position: YAMLPosition(event.start_mark))
    }

    private func kind(of event: yaml_event_t) throws(YAMLError) -> YAMLEvent.Kind {
        switch event.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_START_EVENT:
            let data = event.data.sequence_start
            return .sequenceStart(tag: text(data.tag), anchor: text(data.anchor))
        case YAML_MAPPING_START_EVENT:
            let data = event.data.mapping_start
            return .mappingStart(tag: text(data.tag), anchor: text(data.anchor))
        case YAML_SCALAR_EVENT:
            let data = event.data.scalar
            let content = String(
                decoding: UnsafeBufferPointer(start: data.value, count: data.length), as: UTF8.self)
            let isPlain = data.style == YAML_PLAIN_SCALAR_STYLE
            return .scalar(
                RawScalar(text: content, tag: text(data.tag), isPlain: isPlain), anchor: text(data.anchor))
        // After the end, libyaml gives events of no type.
        default: return .streamEnd
        }
    }

    private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(decodingCString: $0, as: UTF8.self) }
    }

    // MARK: - Faults

    private func syntaxError() -> YAMLError {
        let state = parser.pointee
        let problem = state.problem.map { String(cString: $0) } ?? "no YAML"
        if state.error == YAML_READER_ERROR {
            return error(position(ofByte: Int(state.problem_offset)), SyntaxFault.text(problem, context: nil))
        }
        let context = state.context.map { String(cString: $0) }
        var message = SyntaxFault.text(problem, context: context)
        let place = YAMLPosition(state.problem_mark)
        if context != nil, state.context_mark.line != state.problem_mark.line {
            message += " (in what begins on line \(state.context_mark.line + 1))"
        }
        return error(place, message)
    }

    private func position(ofByte offset: Int) -> YAMLPosition {
        let before = bytes.prefix(offset)
        let lineStart = (before.lastIndex(of: 0x0a) ?? -1) + 1
        let column = before[lineStart...].count { $0 & 0xc0 != 0x80 }
        return YAMLPosition(line: before.count { $0 == 0x0a } + 1, column: column + 1)
    }
}

extension YAMLPosition {
    init(_ mark: yaml_mark_t) { self.init(line: mark.line + 1, column: mark.column + 1) }
}

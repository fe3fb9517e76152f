import JSON

/// Builds nodes out of events: anchors, aliases, merges, keys.
struct Composer {
    private let reader: EventReader
    private var event: YAMLEvent
    /// What `*name` stands for, and how many values that is.
    private var anchors: [String: (node: YAMLNode, size: Int)] = [:]
    private var nodes = 0
    private var aliased = 0

    init(_ reader: EventReader) {
        self.reader = reader
        event = YAMLEvent(kind: .streamStart, position: YAMLPosition(line: 1, column: 1))
    }

    mutating func documents() throws(YAMLError) -> [YAMLNode] {
        var documents: [YAMLNode] = []
        while true {
            event = try reader.next()
            switch event.kind {
            case .streamEnd: return documents
            case .documentStart:
                anchors = [:]
                event = try reader.next()
                let isEmpty = if case .scalar(let scalar, _) = event.kind { scalar.isAbsent } else { false }
                let node = try node(depth: 0)
                if !isEmpty { documents.append(node) }
            default: break
            }
        }
    }

    /// The node that begins with the current event.
    private mutating func node(depth: Int) throws(YAMLError) -> YAMLNode {
        let start = event
        let before = nodes
        nodes += 1
        if nodes > YAMLDocument.nodeLimit {
            throw reader.error(start.position, "more than \(YAMLDocument.nodeLimit) values in one text")
        }
        if depth > YAMLDocument.depthLimit {
            throw reader.error(start.position, "nested deeper than \(YAMLDocument.depthLimit)")
        }
        let node: YAMLNode
        let anchor: String?
        switch start.kind {
        case .alias(let name): return try alias(name)
        case .scalar(let scalar, let name):
            anchor = name
            do throws(ScalarFault) {
                node = YAMLNode(try scalar.content(), at: start.position, isQuoted: !scalar.isPlain)
            } catch {
                throw reader.error(start.position, error.message)
            }
        case .sequenceStart(let tag, let name):
            anchor = name
            try check(tag, "tag:yaml.org,2002:seq", "a list")
            node = YAMLNode(.sequence(try elements(depth)), at: start.position)
        case .mappingStart(let tag, let name):
            anchor = name
            try check(tag, "tag:yaml.org,2002:map", "a mapping")
            node = YAMLNode(.mapping(try pairs(depth)), at: start.position)
        default: throw reader.error(start.position, "expected a value")
        }
        if let anchor { anchors[anchor] = (node, nodes - before) }
        return node
    }

    private mutating func alias(_ name: String) throws(YAMLError) -> YAMLNode {
        guard let (node, size) = anchors[name] else {
            throw reader.error(event.position, "`*\(name)` has no `&\(name)` before it that is complete")
        }
        aliased += size
        nodes += size
        if aliased > YAMLDocument.aliasLimit {
            throw reader.error(
                event.position, "the aliases up to here stand for more than \(YAMLDocument.aliasLimit) values")
        }
        return YAMLNode(node.content, at: event.position, isQuoted: node.isQuoted)
    }

    private func check(_ tag: String?, _ expected: String, _ what: String) throws(YAMLError) {
        guard let tag, tag != expected, tag != "!" else { return }
        throw reader.error(event.position, "the tag `\(RawScalar.short(tag))` does not fit \(what)")
    }

    private mutating func elements(_ depth: Int) throws(YAMLError) -> [YAMLNode] {
        var elements: [YAMLNode] = []
        while true {
            event = try reader.next()
            if case .sequenceEnd = event.kind { return elements }
            elements.append(try node(depth: depth + 1))
        }
    }

    private mutating func pairs(_ depth: Int) throws(YAMLError) -> [(key: YAMLNode, value: YAMLNode)] {
        var pairs: [(key: YAMLNode, value: YAMLNode)] = []
        var places = KeyPlaces()
        var merges: YAMLNode?
        while true {
            event = try reader.next()
            if case .mappingEnd = event.kind { break }
            let isMerge = if case .scalar(let scalar, _) = event.kind { scalar.isMerge } else { false }
            let key = try key(depth)
            event = try reader.next()
            let value = try node(depth: depth + 1)
            if isMerge {
                if merges != nil { throw reader.error(key.position, "a second `<<` in one mapping") }
                merges = value
            } else if let first = places.add(key) {
                throw reader.error(
                    key.position, "the key `\(key.string ?? "")` stands there twice, first on line \(first.line)")
            } else {
                pairs.append((key, value))
            }
        }
        if let merges { try merge(merges, into: &pairs, &places) }
        return pairs
    }

    /// The key that begins with the current event, as a string.
    private mutating func key(_ depth: Int) throws(YAMLError) -> YAMLNode {
        let key = try node(depth: depth + 1)
        let text: String
        switch key.content {
        case .string: return key
        // As Kubernetes converts them: `on: 1` is the key `true`.
        case .bool(let value): text = value ? "true" : "false"
        case .integer(let value): text = String(value)
        case .number(let value): text = value.text
        case .null: throw reader.error(key.position, "a key must be a string: quote it if it is meant to be `null`")
        case .sequence, .mapping: throw reader.error(key.position, "a key must be a string, not \(key.kindName)")
        }
        return YAMLNode(.string(text), at: key.position)
    }

    /// `<<`: what the mapping does not say itself comes from the merged ones, the earlier before the later.
    private mutating func merge(
        _ source: YAMLNode, into pairs: inout [(key: YAMLNode, value: YAMLNode)], _ places: inout KeyPlaces
    ) throws(YAMLError) {
        let sources: [YAMLNode] = source.sequence ?? [source]
        for source in sources {
            guard case .mapping(let more) = source.content else {
                throw reader.error(
                    source.position, "`<<` merges a mapping or a list of mappings, not \(source.kindName)")
            }
            // Merged pairs are values of their own, which a chain of merges could multiply.
            aliased += more.count
            if aliased > YAMLDocument.aliasLimit {
                throw reader.error(
                    source.position, "the merges up to here add more than \(YAMLDocument.aliasLimit) values")
            }
            for pair in more where places.add(pair.key) == nil { pairs.append(pair) }
        }
    }
}

/// The keys of one mapping and where they stand; byte for byte, as JSON compares them.
private struct KeyPlaces {
    private var places: [[UInt8]: YAMLPosition] = [:]

    /// Takes a key; if it is there already, tells where.
    mutating func add(_ key: YAMLNode) -> YAMLPosition? {
        let bytes = Array((key.string ?? "").utf8)
        if let place = places[bytes] { return place }
        places[bytes] = key.position
        return nil
    }
}

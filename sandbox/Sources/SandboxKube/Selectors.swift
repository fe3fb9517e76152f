import JSON

/// A label selector in the form of the query string: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
struct LabelSelector: Sendable, Equatable {
    enum Requirement: Sendable, Equatable {
        case isIn(String, Set<String>)
        case notIn(String, Set<String>)
        case exists(String)
        case absent(String)
        case greater(String, Int)
        case less(String, Int)
    }

    var requirements: [Requirement] = []

    init() {}

    init(parsing text: String) throws(KubeRefusal) {
        var rest = Substring(text)
        func skip() { rest = rest.drop { $0 == " " } }
        func word() -> String {
            skip()
            let word = rest.prefix { !" ,()=!<>".contains($0) }
            rest = rest.dropFirst(word.count)
            skip()
            return String(word)
        }
        func fail(_ why: String) -> KubeRefusal {
            .badRequest("unable to parse requirement: \(why) in label selector \"\(text)\"")
        }
        func set() throws(KubeRefusal) -> Set<String> {
            guard rest.first == "(" else { throw fail("expected `(`") }
            rest = rest.dropFirst()
            var values: Set<String> = []
            while true {
                values.insert(word())
                let mark = rest.first
                rest = rest.dropFirst()
                if mark == ")" { return values }
                guard mark == "," else { throw fail("expected `,` or `)`") }
            }
        }
        skip()
        while !rest.isEmpty {
            if rest.first == "!" {
                rest = rest.dropFirst()
                requirements.append(.absent(word()))
            } else {
                let key = word()
                guard !key.isEmpty else { throw fail("expected a key") }
                if rest.hasPrefix("!=") {
                    rest = rest.dropFirst(2)
                    requirements.append(.notIn(key, [word()]))
                } else if rest.hasPrefix("=") {
                    rest = rest.dropFirst(rest.hasPrefix("==") ? 2 : 1)
                    requirements.append(.isIn(key, [word()]))
                } else if rest.hasPrefix(">") || rest.hasPrefix("<") {
                    let isGreater = rest.hasPrefix(">")
                    rest = rest.dropFirst()
                    guard let bound = Int(word()) else { throw fail("expected an integer") }
                    requirements.append(isGreater ? .greater(key, bound) : .less(key, bound))
                } else if rest.hasPrefix("in") && !rest.isEmpty {
                    rest = rest.dropFirst(2)
                    skip()
                    requirements.append(.isIn(key, try set()))
                } else if rest.hasPrefix("notin") {
                    rest = rest.dropFirst(5)
                    skip()
                    requirements.append(.notIn(key, try set()))
                } else {
                    requirements.append(.exists(key))
                }
            }
            skip()
            if rest.isEmpty { break }
            guard rest.first == "," else { throw fail("unexpected `\(rest)`") }
            rest = rest.dropFirst()
            skip()
            if rest.isEmpty { throw fail("expected a key after the last comma") }
        }
    }

    func matches(_ labels: JSONObject) -> Bool {
        requirements.allSatisfy { requirement in
            switch requirement {
            case .isIn(let key, let values): labels[key]?.string.map(values.contains) ?? false
            case .notIn(let key, let values): !(labels[key]?.string.map(values.contains) ?? false)
            case .exists(let key): labels[key] != nil
            case .absent(let key): labels[key] == nil
            case .greater(let key, let bound): labels[key]?.string.flatMap { Int($0) }.map { $0 > bound } ?? false
            case .less(let key, let bound): labels[key]?.string.flatMap { Int($0) }.map { $0 < bound } ?? false
            }
        }
    }
}

/// A field selector: `metadata.name=x,status.phase!=Running`.
struct FieldSelector: Sendable, Equatable {
    struct Term: Sendable, Equatable {
        var path: String
        var value: String
        var isEqual: Bool
    }

    var terms: [Term] = []

    init() {}

    init(parsing text: String, kind: KubeKind) throws(KubeRefusal) {
        for part in text.split(separator: ",") where !part.isEmpty {
            guard let sign = part.firstIndex(of: "=") else {
                throw .badRequest("invalid selector: '\(text)'; can't understand '\(part)'")
            }
            var path = part[..<sign]
            var value = part[part.index(after: sign)...]
            let isEqual = path.last != "!"
            if !isEqual { path = path.dropLast() }
            if value.first == "=" { value = value.dropFirst() }
            guard Self.fields(of: kind).contains(String(path)) else {
                throw .badRequest(
                    "Unable to find \"\(kind.group.isEmpty ? "" : kind.group)/\(kind.version), Resource=\(kind.plural)\" "
                        + "that match label selector \"\", field selector \"\(text)\": field label not supported: \(path)"
                )
            }
            terms.append(Term(path: String(path), value: String(value), isEqual: isEqual))
        }
    }

    private static func fields(of kind: KubeKind) -> Set<String> {
        var fields: Set<String> = ["metadata.name"]
        if kind.isNamespaced { fields.insert("metadata.namespace") }
        switch kind.stored {
        case .pods:
            fields.formUnion([
                "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase",
                "status.podIP", "status.nominatedNodeName", "spec.hostNetwork",
            ])
        case .events:
            fields.formUnion([
                "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
                "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
                "reportingComponent", "source", "type", "regarding.kind", "regarding.name", "regarding.namespace",
                "regarding.uid",
            ])
        case .jobs: fields.insert("status.successful")
        case .namespaces: fields.insert("status.phase")
        case .secrets: fields.insert("type")
        case .nodes: fields.insert("spec.unschedulable")
        default: break
        }
        return fields
    }

    func matches(_ object: JSONValue) -> Bool {
        terms.allSatisfy { (Self.value(of: $0.path, in: object) == $0.value) == $0.isEqual }
    }

    /// The name that alone can match, when the selector says so.
    var onlyName: String? { terms.first { $0.path == "metadata.name" && $0.isEqual }?.value }

    private static func value(of path: String, in object: JSONValue) -> String {
        let path = path.hasPrefix("regarding.") ? "involvedObject." + path.dropFirst("regarding.".count) : path
        var current: JSONValue? = object
        for part in path == "status.successful" ? ["status", "succeeded"] : path.split(separator: ".").map(String.init)
        {
            current = current?[part]
        }
        switch current {
        case .string(let text): return text
        case .bool(let value): return value ? "true" : "false"
        case .integer(let value): return String(value)
        case .object(let members) where path == "source": return members["component"]?.string ?? ""
        default: return path == "status.successful" ? "0" : path == "spec.hostNetwork" ? "false" : ""
        }
    }
}

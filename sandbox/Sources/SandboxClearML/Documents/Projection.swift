import JSON

/// `only_fields`: exactly those fields, in the order of the document; without it, all of them.
struct Projection {
    private let paths: [[String]]

    /// - Throws: 400/14 for a name that no document of this kind has, or that would need a join.
    init(_ names: [String]?, known: Set<String>?) throws(APIError) {
        var paths: [[String]] = []
        for name in names ?? [] {
            let path = name.split(separator: ".").map(String.init)
            guard let first = path.first else { throw .badFieldName(name) }
            if let known, !known.contains(first) { throw .badFieldName(name) }
            if known != nil, path.starts(with: ["execution", "queue"]), path.count > 2 { throw .badFieldName(name) }
            if known != nil, ["project", "user", "parent", "company"].contains(first), path.count > 1 {
                throw .badFieldName(name)
            }
            paths.append(path)
        }
        self.paths = paths
    }

    /// Whether everything is shown.
    var isWhole: Bool { paths.isEmpty }

    func apply(_ document: JSONObject) -> JSONValue {
        if paths.isEmpty { return .object(document) }
        return .object(Self.cut(document, to: paths))
    }

    private static func cut(_ object: JSONObject, to paths: [[String]]) -> JSONObject {
        var result = JSONObject()
        for (name, value) in object {
            let matching = paths.filter { $0.first == name }
            if matching.isEmpty { continue }
            if matching.contains(where: { $0.count == 1 }) {
                result[name] = value
            } else if let inner = value.object {
                result[name] = .object(cut(inner, to: matching.map { Array($0.dropFirst()) }))
            }
        }
        return result
    }
}

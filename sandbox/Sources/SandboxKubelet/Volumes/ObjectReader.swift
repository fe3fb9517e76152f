internal import JSON

/// Secrets and config maps as the pods of one namespace read them.
struct ObjectReader: Sendable {
    /// Which of the two.
    enum Kind: String, Sendable {
        case secret
        case configMap = "configmap"
    }

    let api: KubeletAPI
    let namespace: String

    /// All keys of an object; `nil` when there is no such object.
    func keys(_ kind: Kind, _ name: String) async throws(KubeletError) -> [String: [UInt8]]? {
        guard let object = try await api.get("/api/v1/namespaces/\(namespace)/\(kind.rawValue)s/\(name)") else {
            return nil
        }
        var result: [String: [UInt8]] = [:]
        for (key, value) in object["data"]?.object ?? [:] {
            let text = value.string ?? ""
            result[key] = kind == .configMap ? Array(text.utf8) : Base64.decode(text) ?? []
        }
        for (key, value) in object["binaryData"]?.object ?? [:] {
            result[key] = Base64.decode(value.string ?? "") ?? []
        }
        return result
    }
}

internal import JSON

/// The environment of a container.
struct ContainerEnvironment: Sendable {
    let pod: JSONValue
    let objects: ObjectReader

    /// The variables that `container` asks for, over those that every container has.
    func resolve(_ container: JSONValue, home: String) async throws(ContainerProblem) -> [String: String] {
        var result = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME": pod.podName,
            "HOME": home,
        ]
        for source in container["envFrom"]?.array ?? [] { try await add(source, to: &result) }
        for entry in container["env"]?.array ?? [] {
            guard let name = entry["name"]?.string else { continue }
            if let from = entry["valueFrom"] {
                if let value = try await self.value(from, container) { result[name] = value }
            } else {
                result[name] = Expansion.expand(entry["value"]?.string ?? "", result)
            }
        }
        return result
    }

    private func read(_ kind: ObjectReader.Kind, _ name: String) async throws(ContainerProblem) -> [String: [UInt8]]? {
        do {
            return try await objects.keys(kind, name)
        } catch {
            throw ContainerProblem(reason: "CreateContainerConfigError", message: error.description)
        }
    }

    private func add(_ source: JSONValue, to result: inout [String: String]) async throws(ContainerProblem) {
        let prefix = source["prefix"]?.string ?? ""
        for (kind, part) in [(ObjectReader.Kind.configMap, "configMapRef"), (.secret, "secretRef")] {
            guard let reference = source[part], let name = reference["name"]?.string else { continue }
            guard let keys = try await read(kind, name) else {
                if reference["optional"]?.bool == true { continue }
                throw ContainerProblem(
                    reason: "CreateContainerConfigError", message: "\(kind.rawValue) \"\(name)\" not found")
            }
            for (key, value) in keys { result[prefix + key] = String(decoding: value, as: UTF8.self) }
        }
    }

    private func value(_ from: JSONValue, _ container: JSONValue) async throws(ContainerProblem) -> String? {
        if let path = from.at("fieldRef", "fieldPath")?.string {
            guard let value = FieldReference.value(path, of: pod) else {
                throw ContainerProblem(reason: "CreateContainerConfigError", message: "unsupported fieldPath: \(path)")
            }
            return value
        }
        if let resource = from.at("resourceFieldRef", "resource")?.string {
            return try Self.resource(resource, divisor: from.at("resourceFieldRef", "divisor")?.string, container)
        }
        for (kind, part, shown) in [
            (ObjectReader.Kind.secret, "secretKeyRef", "Secret"), (.configMap, "configMapKeyRef", "ConfigMap"),
        ] {
            guard let reference = from[part] else { continue }
            let name = reference["name"]?.string ?? ""
            let key = reference["key"]?.string ?? ""
            let isOptional = reference["optional"]?.bool == true
            guard let keys = try await read(kind, name) else {
                if isOptional { return nil }
                throw ContainerProblem(
                    reason: "CreateContainerConfigError", message: "\(kind.rawValue) \"\(name)\" not found")
            }
            guard let bytes = keys[key] else {
                if isOptional { return nil }
                throw ContainerProblem(
                    reason: "CreateContainerConfigError",
                    message: "couldn't find key \(key) in \(shown) \(pod.podNamespace)/\(name)")
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        return nil
    }

    /// `limits.memory` and the like, in units of the divisor, rounded up.
    private static func resource(_ path: String, divisor: String?, _ container: JSONValue) throws(ContainerProblem)
        -> String
    {
        let parts = path.split(separator: ".", maxSplits: 1).map(String.init)
        let stated = parts.count == 2 ? container.at("resources", parts[0])?[parts[1]]?.string : nil
        guard let amount = stated.flatMap({ Quantity($0) }) else {
            throw ContainerProblem(reason: "CreateContainerConfigError", message: "the container states no `\(path)`")
        }
        let unit = divisor.flatMap { Quantity($0) }?.value ?? 1
        return String(Int64((amount.value / (unit == 0 ? 1 : unit)).rounded(.up)))
    }
}

internal import Glibc
internal import JSON
internal import OS

/// A volume that cannot be set up: the event's message.
struct VolumeProblem: Error, Sendable, Equatable {
    let message: String
}

/// Makes a pod's volumes as folders of this machine.
struct Volumes: Sendable {
    let pod: JSONValue
    let objects: ObjectReader
    /// The pod's own folder.
    let folder: String
    /// Where the claims of all pods are kept.
    let claims: String

    /// Name → path on the host. Repeating it is safe.
    func prepare() async throws(VolumeProblem) -> [String: String] {
        var result: [String: String] = [:]
        for volume in pod.at("spec", "volumes")?.array ?? [] {
            let name = volume["name"]?.string ?? ""
            result[name] = try await path(of: volume, name)
        }
        return result
    }

    private func path(of volume: JSONValue, _ name: String) async throws(VolumeProblem) -> String {
        let own = "\(folder)/volumes/\(name)"
        if let claim = volume.at("persistentVolumeClaim", "claimName")?.string {
            return try made("\(claims)/\(pod.podNamespace)/\(claim)", name)
        }
        if let path = volume.at("hostPath", "path")?.string {
            if volume.at("hostPath", "type")?.string == "DirectoryOrCreate" { return try made(path, name) }
            guard Files.exists(path) else { throw problem(name, "hostPath \(path) does not exist") }
            return path
        }
        if volume["emptyDir"] != nil {
            let path = try made(own, name)
            chmod(path, 0o777)
            return path
        }
        if let source = volume["secret"] {
            try await fill(
                own, name, try await files(.secret, source["secretName"]?.string ?? "", source, name),
                mode: source["defaultMode"]?.int)
            return own
        }
        if let source = volume["configMap"] {
            try await fill(
                own, name, try await files(.configMap, source["name"]?.string ?? "", source, name),
                mode: source["defaultMode"]?.int)
            return own
        }
        if let source = volume["downwardAPI"] {
            try await fill(own, name, try fields(source, name), mode: source["defaultMode"]?.int)
            return own
        }
        if let source = volume["projected"] {
            var all: [String: [UInt8]] = [:]
            for part in source["sources"]?.array ?? [] { all.merge(try await projected(part, name)) { $1 } }
            try await fill(own, name, all, mode: source["defaultMode"]?.int)
            return own
        }
        let kind = volume.object?.keys.first { $0 != "name" } ?? "nothing"
        throw problem(name, "the sandbox has no volumes of the kind \(kind)")
    }

    private func problem(_ name: String, _ why: String) -> VolumeProblem {
        VolumeProblem(message: "MountVolume.SetUp failed for volume \"\(name)\" : \(why)")
    }

    private func made(_ path: String, _ name: String) throws(VolumeProblem) -> String {
        do throws(OSError) {
            try Files.makeFolder(path)
        } catch {
            throw problem(name, error.description)
        }
        return path
    }

    private func projected(_ part: JSONValue, _ volume: String) async throws(VolumeProblem) -> [String: [UInt8]] {
        if let source = part["secret"] { return try await files(.secret, source["name"]?.string ?? "", source, volume) }
        if let source = part["configMap"] {
            return try await files(.configMap, source["name"]?.string ?? "", source, volume)
        }
        if let source = part["downwardAPI"] { return try fields(source, volume) }
        throw problem(volume, "the sandbox projects secrets, config maps and fields only")
    }

    private func files(
        _ kind: ObjectReader.Kind, _ object: String, _ source: JSONValue, _ volume: String
    ) async throws(VolumeProblem) -> [String: [UInt8]] {
        let isOptional = source["optional"]?.bool == true
        let found: [String: [UInt8]]?
        do throws(KubeletError) {
            found = try await objects.keys(kind, object)
        } catch {
            throw problem(volume, error.description)
        }
        guard let found else {
            if isOptional { return [:] }
            throw problem(volume, "\(kind.rawValue) \"\(object)\" not found")
        }
        guard let items = source["items"]?.array else { return found }
        var result: [String: [UInt8]] = [:]
        for item in items {
            let key = item["key"]?.string ?? ""
            if let value = found[key] {
                result[item["path"]?.string ?? key] = value
            } else if !isOptional {
                throw problem(volume, "references non-existent \(kind.rawValue) key: \(key)")
            }
        }
        return result
    }

    private func fields(_ source: JSONValue, _ volume: String) throws(VolumeProblem) -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        for item in source["items"]?.array ?? [] {
            let path = item.at("fieldRef", "fieldPath")?.string ?? ""
            guard let value = FieldReference.value(path, of: pod) else {
                throw problem(volume, "unsupported fieldPath: \(path)")
            }
            result[item["path"]?.string ?? ""] = Array(value.utf8)
        }
        return result
    }

    private func fill(_ path: String, _ volume: String, _ files: [String: [UInt8]], mode: Int?)
        async throws(VolumeProblem)
    {
        do throws(OSError) {
            try Files.makeFolder(path)
            for (name, content) in files {
                guard !name.isEmpty, !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else { continue }
                if let slash = name.lastIndex(of: "/") { try Files.makeFolder("\(path)/\(name[..<slash])") }
                try Files.write(content, to: "\(path)/\(name)", mode: UInt32(mode ?? 0o644))
                chmod("\(path)/\(name)", mode_t(mode ?? 0o644))
            }
        } catch {
            throw problem(volume, error.description)
        }
    }
}

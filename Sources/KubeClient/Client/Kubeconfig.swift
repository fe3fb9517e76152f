import HTTP
import OS
import YAML

/// A kubeconfig file, read for one context. Collects everything that is wrong, with its place.
struct Kubeconfig {
    private let path: String
    private let root: YAMLNode
    private var problems: [String] = []

    /// Reads `path` for `context`, or for the file's current one.
    static func load(
        _ path: String, context: String?, now: Timestamp
    ) throws(ConfigurationError) -> ClusterConfiguration {
        let bytes: [UInt8]
        do throws(OSError) { bytes = try Files.read(path, limit: 8 << 20) } catch {
            throw ConfigurationError(["kubeconfig: \(error)"])
        }
        return try read(bytes, path: path, context: context, now: now)
    }

    static func read(
        _ bytes: [UInt8], path: String, context: String?, now: Timestamp
    ) throws(ConfigurationError) -> ClusterConfiguration {
        let documents: [YAMLNode]
        do throws(YAMLError) { documents = try YAMLDocument.parse(bytes, file: path) } catch {
            throw ConfigurationError(["\(error)"])
        }
        guard let root = documents.first, root.mapping != nil else {
            throw ConfigurationError(["\(path): this is no kubeconfig: it is empty or no mapping"])
        }
        var file = Kubeconfig(path: path, root: root)
        let configuration = file.configuration(context: context, now: now)
        guard file.problems.isEmpty, let configuration else { throw ConfigurationError(file.problems) }
        return configuration
    }

    private init(path: String, root: YAMLNode) {
        self.path = path
        self.root = root
    }

    // MARK: - From context to configuration

    private mutating func configuration(context asked: String?, now: Timestamp) -> ClusterConfiguration? {
        let current = root["current-context"]
        guard let name = asked ?? text(current, "current-context"), !name.isEmpty else {
            problem(current ?? root, "`current-context` names no context; name one of \(names("contexts"))")
            return nil
        }
        let place = asked == nil ? current ?? root : root
        guard let context = entry("contexts", "context", name, from: place) else { return nil }
        let clusterName = required(context, "cluster", of: "context `\(name)`")
        let cluster = clusterName.flatMap { entry("clusters", "cluster", $0.text, from: $0.node) }
        var user: YAMLNode?
        if let node = context["user"], let name = text(node, "user"), !name.isEmpty {
            user = entry("users", "user", name, from: node)
        }

        var result = ClusterConfiguration(server: "", source: "kubeconfig `\(path)`, context `\(name)`")
        result.namespace = text(context["namespace"], "namespace").flatMap { $0.isEmpty ? nil : $0 } ?? "default"
        if let cluster, let clusterName { read(cluster: cluster, named: clusterName.text, into: &result) }
        if let user { read(user: user, into: &result) }
        if problems.isEmpty {
            problems = result.inspectCertificates(now: now).map { "\(path): context `\(name)`: \($0)" }
        }
        return result
    }

    private mutating func read(cluster: YAMLNode, named name: String, into result: inout ClusterConfiguration) {
        if let server = required(cluster, "server", of: "cluster `\(name)`") {
            result.server = server.text
            if !server.text.hasPrefix("https://") && !server.text.hasPrefix("http://") {
                problem(server.node, "server `\(server.text)` begins with neither `https://` nor `http://`")
            }
            if server.text.hasPrefix("http://") {
                result.warnings.append("\(place(server.node)): nothing said to `\(server.text)` is encrypted")
            }
        }
        result.tls.serverName = text(cluster["tls-server-name"], "tls-server-name")
        result.proxy = text(cluster["proxy-url"], "proxy-url")
        let authority = material(cluster, "certificate-authority")
        if let authority { result.tls.trust = .pem(authority) }
        if let node = cluster["insecure-skip-tls-verify"], flag(node, "insecure-skip-tls-verify") {
            if authority != nil {
                problem(node, "`insecure-skip-tls-verify` with a certificate authority: take one of them out")
            }
            result.tls.trust = .insecureAnyCertificate
            result.warnings.append(
                "\(place(node)): `insecure-skip-tls-verify` is on: whoever answers as `\(result.server)` gets the credentials"
            )
        }
    }

    private mutating func read(user: YAMLNode, into result: inout ClusterConfiguration) {
        result.tls.clientCertificate = material(user, "client-certificate")
        result.tls.clientKey = material(user, "client-key").map(Secret.init)
        if let node = user["tokenFile"], let path = text(node, "tokenFile") {
            result.credentials = .tokenFile(absolute(path))
            if !Files.exists(absolute(path)) { problem(node, "the token file `\(absolute(path))` does not exist") }
        } else if let token = text(user["token"], "token")?.trimmed, !token.isEmpty {
            result.credentials = .token(Secret(token))
        } else if let name = text(user["username"], "username"), !name.isEmpty {
            result.credentials = .basic(user: name, password: Secret(text(user["password"], "password") ?? ""))
        }
        for unsupported in ["exec", "auth-provider"] {
            if let node = user[unsupported], !node.isNull {
                problem(node, "`\(unsupported)` is not supported: use a token, a token file or a client certificate")
            }
        }
    }

    // MARK: - Reading with a place

    private func place(_ node: YAMLNode) -> String { "\(path):\(node.position)" }

    private mutating func problem(_ node: YAMLNode, _ what: String) { problems.append("\(place(node)): \(what)") }

    private mutating func text(_ node: YAMLNode?, _ key: String) -> String? {
        guard let node, !node.isNull else { return nil }
        if let text = node.string { return text }
        // A name that looks like a number is still a name.
        if let number = node.integer { return String(number) }
        problem(node, "`\(key)` is \(node.kindName), expected a string")
        return nil
    }

    private mutating func flag(_ node: YAMLNode, _ key: String) -> Bool {
        if let flag = node.bool { return flag }
        if !node.isNull { problem(node, "`\(key)` is \(node.kindName), expected true or false") }
        return false
    }

    private mutating func required(_ node: YAMLNode, _ key: String, of what: String) -> (text: String, node: YAMLNode)?
    {
        let before = problems.count
        if let child = node[key], let text = text(child, key), !text.isEmpty { return (text, child) }
        if problems.count == before { problem(node[key] ?? node, "\(what) has no `\(key)`") }
        return nil
    }

    private func names(_ list: String) -> String {
        let names = root[list]?.sequence?.compactMap { $0["name"]?.string } ?? []
        return names.isEmpty ? "none (there are no \(list))" : names.map { "`\($0)`" }.joined(separator: ", ")
    }

    /// The entry called `name` in one of the file's three lists.
    private mutating func entry(_ list: String, _ key: String, _ name: String, from node: YAMLNode) -> YAMLNode? {
        let found = root[list]?.sequence?.first { entry in
            entry["name"]?.string == name || entry["name"]?.integer.map(String.init) == name
        }
        guard let found else {
            problem(node, "there is no \(key) `\(name)`; known: \(names(list))")
            return nil
        }
        guard let inner = found[key], inner.mapping != nil else {
            problem(found, "the \(key) `\(name)` is empty")
            return nil
        }
        return inner
    }

    /// PEM that stands in the file as base64 (`key-data`, which wins) or in a file of its own (`key`).
    private mutating func material(_ node: YAMLNode, _ key: String) -> [UInt8]? {
        if let data = node["\(key)-data"], let text = text(data, "\(key)-data"), !text.isEmpty {
            guard let bytes = Base64.decode(text) else {
                problem(data, "`\(key)-data` is no base64")
                return nil
            }
            return bytes
        }
        guard let file = node[key], let name = text(file, key), !name.isEmpty else { return nil }
        do throws(OSError) { return try Files.read(absolute(name), limit: 1 << 20) } catch {
            problem(file, "`\(key)`: \(error)")
            return nil
        }
    }

    /// Paths in a kubeconfig are relative to its folder.
    private func absolute(_ name: String) -> String {
        if name.hasPrefix("/") { return name }
        guard let slash = path.lastIndex(of: "/") else { return name }
        return path[...slash] + name
    }
}

import HTTP
public import OS

extension ClusterConfiguration {
    /// The first of: the file `kubeconfig`, the file that `KUBECONFIG` names, the pod's service account, `~/.kube/config`.
    ///
    /// - Parameters:
    ///   - context: the context to use instead of the file's current one.
    ///   - environment: `KUBECONFIG`, `KUBERNETES_SERVICE_HOST`, `KUBERNETES_SERVICE_PORT`, `HOME` are looked at.
    ///   - now: the time that certificates are judged by.
    /// - Throws: all problems at once.
    public static func load(
        kubeconfig: String?, context: String?, environment: [String: String], now: Timestamp = .now()
    ) throws(ConfigurationError) -> ClusterConfiguration {
        if let kubeconfig { return try Kubeconfig.load(kubeconfig, context: context, now: now) }
        if let path = environment["KUBECONFIG"], !path.isEmpty {
            if path.contains(":") {
                throw ConfigurationError([
                    "KUBECONFIG names several files (`\(path)`), which are not merged: name one of them"
                ])
            }
            return try Kubeconfig.load(path, context: context, now: now)
        }
        if context == nil, environment["KUBERNETES_SERVICE_HOST"]?.isEmpty == false {
            return try inCluster(environment: environment, now: now)
        }
        if let home = environment["HOME"], Files.exists("\(home)/.kube/config") {
            return try Kubeconfig.load("\(home)/.kube/config", context: context, now: now)
        }
        throw ConfigurationError([
            "no cluster is configured: name a kubeconfig, set KUBECONFIG, or run in a pod with a service account"
        ])
    }

    /// The cluster whose pod this is. The token is read from its file for each call, since the kubelet renews it.
    static func inCluster(
        environment: [String: String], folder: String = "/var/run/secrets/kubernetes.io/serviceaccount", now: Timestamp
    ) throws(ConfigurationError) -> ClusterConfiguration {
        let host = environment["KUBERNETES_SERVICE_HOST"] ?? ""
        let port = environment["KUBERNETES_SERVICE_PORT"] ?? "443"
        var problems: [String] = []
        func content(_ name: String) -> [UInt8]? {
            do throws(OSError) { return try Files.read("\(folder)/\(name)", limit: 1 << 20) } catch {
                problems.append("service account: \(error) (is automountServiceAccountToken off?)")
                return nil
            }
        }
        let authority = content("ca.crt")
        _ = content("token")
        // The namespace's file is a convenience; whoever mounts a token alone has none.
        let namespace = (try? Files.read("\(folder)/namespace", limit: 4096)).map {
            String(decoding: $0, as: UTF8.self).trimmed
        }
        guard problems.isEmpty, let authority else { throw ConfigurationError(problems) }
        var configuration = ClusterConfiguration(
            server: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)",
            tls: TLSOptions(trust: .pem(authority)), credentials: .tokenFile("\(folder)/token"),
            namespace: namespace ?? "default", source: "the service account in \(folder)")
        problems = configuration.inspectCertificates(now: now)
        if !problems.isEmpty { throw ConfigurationError(problems.map { "\(configuration.source): \($0)" }) }
        return configuration
    }
}

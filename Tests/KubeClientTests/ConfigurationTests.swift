import HTTP
import OS
import TLS
import Testing

@testable import KubeClient

@Suite struct ConfigurationTests {
    private let now = Timestamp.now()

    private func read(_ text: String, context: String? = nil, path: String = "/etc/kube.yaml") throws
        -> ClusterConfiguration
    {
        try Kubeconfig.read(Array(text.utf8), path: path, context: context, now: now)
    }

    private func problems(_ text: String, context: String? = nil) -> [String] {
        do {
            _ = try read(text, context: context)
            return []
        } catch let error as ConfigurationError {
            return error.problems
        } catch {
            return ["\(error)"]
        }
    }

    private let plain = """
        apiVersion: v1
        kind: Config
        current-context: b
        clusters:
        - {name: one, cluster: {server: "https://one:6443"}}
        - {name: two, cluster: {server: "https://two:6443", tls-server-name: kubernetes, proxy-url: "http://proxy:3128"}}
        users:
        - {name: me, user: {token: hunter2}}
        - {name: robot, user: {username: r, password: p}}
        contexts:
        - {name: a, context: {cluster: one, user: me, namespace: jobs}}
        - {name: b, context: {cluster: two, user: robot}}
        """

    @Test func `the current context holds unless another is asked for`() throws {
        let current = try read(plain)
        #expect(current.server == "https://two:6443" && current.namespace == "default")
        #expect(current.tls.serverName == "kubernetes" && current.proxy == "http://proxy:3128")
        #expect(current.credentials == .basic(user: "r", password: Secret("p")))
        let asked = try read(plain, context: "a")
        #expect(asked.server == "https://one:6443" && asked.namespace == "jobs")
        #expect(asked.credentials == .token(Secret("hunter2")))
        #expect(!"\(asked)".contains("hunter2") && asked.tls.trust == .system)
    }

    @Test func `all problems come at once, each with its place`() {
        let text = """
            current-context: a
            clusters:
            - name: one
              cluster:
                server: one:6443
                certificate-authority-data: "***"
            users:
            - name: me
              user:
                tokenFile: /does/not/exist
                client-certificate: absent.pem
                exec: {command: aws}
            contexts:
            - name: a
              context: {cluster: one, user: me, namespace: [x]}
            """
        #expect(
            problems(text) == [
                "/etc/kube.yaml:15:48: `namespace` is a list, expected a string",
                "/etc/kube.yaml:5:13: server `one:6443` begins with neither `https://` nor `http://`",
                "/etc/kube.yaml:6:33: `certificate-authority-data` is no base64",
                "/etc/kube.yaml:11:25: `client-certificate`: cannot open `/etc/absent.pem`: No such file or directory",
                "/etc/kube.yaml:10:16: the token file `/does/not/exist` does not exist",
                "/etc/kube.yaml:12:11: `exec` is not supported: use a token, a token file or a client certificate",
            ])
    }

    @Test func `a name that is not there is answered with those that are`() {
        #expect(
            problems(plain, context: "c") == ["/etc/kube.yaml:1:1: there is no context `c`; known: `a`, `b`"])
        #expect(
            problems(plain.replacing("cluster: two", with: "cluster: three")) == [
                "/etc/kube.yaml:12:32: there is no cluster `three`; known: `one`, `two`"
            ])
        #expect(
            problems(plain.replacing("current-context: b", with: "current-context: \"\"")) == [
                "/etc/kube.yaml:3:18: `current-context` names no context; name one of `a`, `b`"
            ])
    }

    @Test(arguments: ["", "# nothing", "[1]", "text"])
    func `what is no kubeconfig is said to be none`(text: String) {
        #expect(problems(text).count == 1 && problems(text)[0].hasPrefix("/etc/kube.yaml"))
    }

    @Test func `a YAML fault keeps its place`() {
        #expect(problems("a: [1\nb: 2").first?.hasPrefix("/etc/kube.yaml:2:") == true)
    }

    @Test func `certificates come as base64 or as files beside the kubeconfig`() throws {
        let folder = "/tmp/kubeconfig-\(randomHex(bytes: 8))"
        try Files.makeFolder(folder)
        let authority = try CertificateAuthority.make(name: "test authority")
        let pair = try authority.issue(names: ["me"], client: true)
        try Files.write(pair.certificatePEM, to: folder + "/me.crt")
        try Files.write(pair.keyPEM, to: folder + "/me.key")
        let text = """
            current-context: a
            clusters:
            - name: one
              cluster: {server: "https://one", certificate-authority-data: \(Base64.encode(authority.certificatePEM))}
            users: [{name: me, user: {client-certificate: me.crt, client-key: me.key}}]
            contexts: [{name: a, context: {cluster: one, user: me}}]
            """
        try Files.write(Array(text.utf8), to: folder + "/config")
        let loaded = try ClusterConfiguration.load(kubeconfig: folder + "/config", context: nil, environment: [:])
        #expect(loaded.tls.trust == .pem(authority.certificatePEM))
        #expect(loaded.tls.clientCertificate == pair.certificatePEM)
        #expect(loaded.tls.clientKey == Secret(pair.keyPEM))
        let byEnvironment = try ClusterConfiguration.load(
            kubeconfig: nil, context: nil, environment: ["KUBECONFIG": folder + "/config"])
        #expect(byEnvironment.server == "https://one")

        // Ten years later, in our words.
        let later = now + .seconds(86_400 * 365 * 40)
        let error = #expect(throws: ConfigurationError.self) {
            try ClusterConfiguration.load(kubeconfig: folder + "/config", context: nil, environment: [:], now: later)
        }
        #expect(error?.problems.count == 2)
        #expect(error?.problems.allSatisfy { $0.contains("expired on") } == true)

        // A key of somebody else.
        let other = try authority.issue(names: ["you"], client: true)
        try Files.write(other.keyPEM, to: folder + "/me.key")
        let mismatch = #expect(throws: ConfigurationError.self) {
            try ClusterConfiguration.load(kubeconfig: folder + "/config", context: nil, environment: [:])
        }
        #expect(mismatch.map { "\($0)" }?.contains("client key does not match certificate") == true)
    }

    @Test func `trusting anybody is loud, and not beside an authority`() throws {
        let text = plain.replacing(
            "server: \"https://two:6443\"", with: "server: \"https://two:6443\", insecure-skip-tls-verify: true")
        let loaded = try read(text)
        #expect(loaded.tls.trust == .insecureAnyCertificate)
        #expect(loaded.warnings.count == 1 && loaded.warnings[0].contains("insecure-skip-tls-verify"))
        let both = text.replacing("tls-server-name:", with: "certificate-authority-data: QQ==, tls-server-name:")
        #expect(problems(both).contains { $0.contains("take one of them out") })
    }

    @Test func `a pod's service account is read from its folder, the token anew for each call`() throws {
        let folder = "/tmp/serviceaccount-\(randomHex(bytes: 8))"
        try Files.makeFolder(folder)
        let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"]
        let missing = #expect(throws: ConfigurationError.self) {
            try ClusterConfiguration.inCluster(environment: environment, folder: folder, now: now)
        }
        #expect(missing?.problems.count == 2)
        let authority = try CertificateAuthority.make(name: "cluster")
        try Files.write(authority.certificatePEM, to: folder + "/ca.crt")
        try Files.write(Array("one".utf8), to: folder + "/token")
        try Files.write(Array("clearml\n".utf8), to: folder + "/namespace")
        let loaded = try ClusterConfiguration.inCluster(environment: environment, folder: folder, now: now)
        #expect(loaded.server == "https://[fd00::1]:6443" && loaded.namespace == "clearml")
        let operation = ResourceOperation(verb: "get", resource: .pods)
        #expect(try loaded.authorization(operation) == "Bearer one")
        try Files.write(Array("two\n".utf8), to: folder + "/token")
        #expect(try loaded.authorization(operation) == "Bearer two")
    }

    @Test func `a handshake that failed is told in words: whose certificate, for which names, by which authority`()
        throws
    {
        let ours = try CertificateAuthority.make(name: "ours")
        let theirs = try CertificateAuthority.make(name: "theirs")
        let shown = try theirs.issue(names: ["other.example"], client: false)
        let configuration = ClusterConfiguration(
            server: "https://api.example:6443", tls: TLSOptions(trust: .pem(ours.certificatePEM)), source: "test")
        let operation = ResourceOperation(verb: "get", resource: nil, name: "/version")
        let failure = KubernetesError.transport(HTTPError(.tls, mayHaveActed: false, "curl 60"), operation)
        let words = "\(configuration.explain(failure, serverChain: shown.certificatePEM))"
        #expect(words.contains("name not in SAN: wanted api.example, has other.example"))
        #expect(words.contains("none of the trusted CAs issued it"))
        let refused = KubernetesError.transport(HTTPError(.connect, mayHaveActed: false, "refused"), operation)
        #expect(configuration.explain(refused, serverChain: shown.certificatePEM) == refused)
        let fine = try ours.issue(names: ["api.example"], client: false)
        #expect(configuration.explain(failure, serverChain: fine.certificatePEM) == failure)
    }

    @Test(arguments: [
        ("https://a.example:6443/k8s", "a.example"), ("https://10.0.0.1", "10.0.0.1"),
        ("https://[fd00::1]:6443", "fd00::1"),
    ])
    func `a server's host is found in its URL`(server: String, host: String) {
        #expect(ClusterConfiguration(server: server).host == host)
    }

    @Test func `nothing configured, and several files, are said plainly`() {
        for (environment, words) in [([:], "no cluster is configured"), (["KUBECONFIG": "/a:/b"], "several files")] {
            let error = #expect(throws: ConfigurationError.self) {
                try ClusterConfiguration.load(kubeconfig: nil, context: nil, environment: environment)
            }
            #expect(error.map { "\($0)" }?.contains(words) == true)
        }
    }
}

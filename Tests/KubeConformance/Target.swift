import CurlTransport
import HTTP
import JSON
import KubeClient
import Logging
import OS

/// The server under test, and a namespace there that is the suite's own.
struct Target: Sendable {
    let name: String
    let client: KubernetesClient
    let namespace: String
    private let environment: [String: String]

    /// The target that the environment names; `nil` when it names none.
    init?(environment: [String: String]) throws {
        guard let kubeconfig = environment["GLUE_CONFORMANCE_KUBECONFIG"] else { return nil }
        self.environment = environment
        name = environment["GLUE_CONFORMANCE_TARGET"] ?? "sandbox"
        namespace = "conformance-" + randomHex(bytes: 4)
        let configuration = try ClusterConfiguration.load(kubeconfig: kubeconfig, context: nil, environment: [:])
        client = Self.client(configuration)
    }

    private static func client(_ configuration: ClusterConfiguration) -> KubernetesClient {
        var logger = Logger(label: "conformance")
        logger.logLevel = .error
        return KubernetesClient(
            configuration: configuration, transport: CurlTransport(tls: configuration.tls),
            watchTransport: CurlTransport(tls: configuration.tls), logger: logger)
    }

    /// A client of the same server that shows this token and nothing else.
    func client(token: String) -> KubernetesClient {
        var configuration = client.configuration
        configuration.credentials = .token(Secret(token))
        configuration.tls.clientCertificate = nil
        configuration.tls.clientKey = nil
        return Self.client(configuration)
    }

    /// The token of a user who may do nothing.
    func viewerToken() throws -> String {
        guard let token = environment["GLUE_CONFORMANCE_VIEWER_TOKEN"] else {
            throw Difference(description: "GLUE_CONFORMANCE_VIEWER_TOKEN names no token of a user without rights")
        }
        return token
    }

    /// A version that the server no longer knows the changes since.
    func forgottenVersion() throws -> String {
        guard let version = environment["GLUE_CONFORMANCE_FORGOTTEN_VERSION"] else {
            throw Difference(
                description: "GLUE_CONFORMANCE_FORGOTTEN_VERSION names no version the server has forgotten")
        }
        return version
    }

    /// An image with `/bin/sh`.
    var image: String { environment["GLUE_CONFORMANCE_IMAGE"] ?? "sandbox.local/host:1" }

    /// Makes the namespace, and the service account without which no pod is admitted where nobody else makes it.
    func prepare() async throws {
        _ = try await client.create(Namespace(name: namespace))
        do {
            let account: JSONValue = ["metadata": ["name": "default"]]
            _ = try await client.create(DynamicObject(.serviceAccounts, raw: account), namespace: namespace)
        } catch let error where error.isAlreadyExists {
            // Its controller was faster.
        }
    }

    /// Deletes the namespace and does not wait for its end.
    func remove() async throws { try await client.delete(Namespace.self, namespace) }

    // MARK: - Objects to test with

    /// A name nobody else has.
    func unique(_ stem: String) -> String { "\(stem)-\(randomHex(bytes: 4))" }

    /// A ConfigMap of the suite's namespace.
    func configMap(_ name: String, labels: [String: String] = [:], data: [String: String] = [:]) -> ConfigMap {
        var object = ConfigMap(name: name, namespace: namespace, labels: labels)
        object.data = data
        return object
    }

    /// A pod that stays pending: its scheduler does not exist.
    func idlePod(_ name: String, labels: [String: String] = [:], node: String? = nil) -> Pod {
        var pod = Pod(name: name, namespace: namespace, labels: labels)
        pod.spec = [
            "schedulerName": "glue-conformance-nobody", "automountServiceAccountToken": false,
            "containers": [["name": "main", "image": .string(image), "command": ["/bin/true"]]],
        ]
        if let node { pod.spec?["nodeName"] = .string(node) }
        return pod
    }

    /// A pod that runs `script` in a shell, once.
    func shellPod(_ name: String, _ script: String) -> Pod {
        var pod = Pod(name: name, namespace: namespace)
        pod.spec = shellSpec(script)
        return pod
    }

    /// The spec of a pod that runs `script` in a shell, once.
    func shellSpec(_ script: String) -> JSONValue {
        [
            "restartPolicy": "Never", "automountServiceAccountToken": false, "terminationGracePeriodSeconds": 2,
            "containers": [
                [
                    "name": "main", "image": .string(image), "imagePullPolicy": "IfNotPresent",
                    "command": ["/bin/sh", "-c", .string(script)],
                ]
            ],
        ]
    }

    /// A Job whose pods run `script` in a shell.
    func job(_ name: String, parallelism: Int? = nil, script: String = "true") -> Job {
        var job = Job(name: name, namespace: namespace)
        job.spec = ["backoffLimit": 0, "template": ["spec": shellSpec(script)]]
        if let parallelism { job.spec?["parallelism"] = .integer(Int64(parallelism)) }
        return job
    }

    // MARK: - Waiting

    /// Asks again until there is an answer; a `Difference` when there is none in time.
    func eventually<T: Sendable>(
        _ what: String, within deadline: Duration = .seconds(30), _ answer: () async throws -> T?
    ) async throws -> T {
        let end = ContinuousClock.now + deadline
        while true {
            if let found = try await answer() { return found }
            if ContinuousClock.now > end { throw Difference(description: "\(what): not within \(deadline)") }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Waits until there is no such object.
    func gone<T: KubernetesObject>(_: T.Type, _ name: String) async throws {
        _ = try await eventually("\(T.resource) `\(name)` gone") { () -> Bool? in
            do { _ = try await client.get(T.self, name, namespace: namespace) } catch let error as KubernetesError
                where error.isNotFound
            {
                return true
            }
            return nil
        }
    }
}

import ClearMLClient
import CurlTransport
import HTTP
import Handoff
import KubeClient
import Logging
import OS

/// Why glue did not start: a sentence for the operator, and the exit code that goes with it.
struct StartupFailure: Error, CustomStringConvertible {
    let description: String
    let exit: GlueExit

    init(_ description: String, _ exit: GlueExit) {
        self.description = description
        self.exit = exit
    }
}

/// What `glue` exits with; the table is in docs/exit-codes.md.
enum GlueExit: Int32, Sendable {
    case success = 0
    /// Something failed while running.
    case failure = 1
    /// Configuration or templates are wrong; every problem was listed.
    case configuration = 2
    /// ClearML or Kubernetes cannot be reached, or does not allow what is needed.
    case environment = 3
}

/// Both servers, reached and checked; the queues resolved. The first half of every command that talks to them.
struct Connections: Sendable {
    let configuration: GlueConfiguration
    let server: ClearMLServer
    let kube: KubernetesClient
    let kubernetesVersion: KubeClient.ServerVersion
    let instance: Instance
    let queues: [WatchedQueue]
    let logger: Logger

    /// Logs in to ClearML, reads the cluster's version and identity, finds (or makes) the queues.
    /// What may come right by itself is tried again for a minute; what cannot is an error at once.
    static func open(
        _ configuration: GlueConfiguration, environment: [String: String], createQueues: Bool, logger: Logger
    ) async throws -> Connections {
        let serverTransport = CurlTransport(tls: configuration.clearml.tls)
        let server = ClearMLServer(
            configuration: ClearMLConfiguration(
                apiHost: configuration.clearml.apiHost, accessKey: configuration.clearml.accessKey,
                secretKey: configuration.clearml.secretKey, tls: configuration.clearml.tls,
                workerName: workerName(configuration)),
            transport: serverTransport, logger: logger)
        let version = try await patiently("log in to ClearML at \(configuration.clearml.apiHost)", logger) {
            do throws(ClearMLError) { return try await server.login() } catch {
                throw await HandshakeFailure.explain(
                    error, settings: configuration.clearml, transport: serverTransport)
            }
        }
        logger.info(
            "logged in to ClearML", metadata: ["host": "\(configuration.clearml.apiHost)", "api": "\(version)"])

        let cluster: ClusterConfiguration
        do throws(ConfigurationError) {
            cluster = try ClusterConfiguration.load(
                kubeconfig: configuration.kubernetes.kubeconfig, context: configuration.kubernetes.context,
                environment: environment)
        } catch { throw StartupFailure("\(error)", .configuration) }
        let transport = CurlTransport(tls: cluster.tls, proxy: cluster.proxy)
        let kube = KubernetesClient(
            configuration: cluster, transport: transport,
            watchTransport: CurlTransport(tls: cluster.tls, proxy: cluster.proxy), logger: logger)
        let kubernetesVersion = try await patiently("reach Kubernetes at \(cluster.server)", logger) {
            do throws(KubernetesError) { return try await kube.version() } catch {
                guard case .transport(let failure, _) = error, failure.kind == .tls,
                    let shown = try? await transport.certificates(shownBy: cluster.server)
                else { throw error }
                throw cluster.explain(error, serverChain: shown)
            }
        }
        let system = try await patiently("read the namespace kube-system, whose uid names the cluster", logger) {
            try await kube.get(Namespace.self, "kube-system")
        }
        let instance = Instance(
            clusterUID: system.uid, namespace: configuration.kubernetes.namespace, release: configuration.release)
        logger.info(
            "reached Kubernetes",
            metadata: [
                "server": "\(cluster.server)", "version": "\(kubernetesVersion)", "instance": "\(instance.hash)",
            ])
        let queues = try await patiently("find the queues", logger) {
            try await resolve(configuration, server: server, create: createQueues, logger: logger)
        }
        return Connections(
            configuration: configuration, server: server, kube: kube, kubernetesVersion: kubernetesVersion,
            instance: instance, queues: queues, logger: logger)
    }

    static func workerName(_ configuration: GlueConfiguration) -> String {
        "\(configuration.release):\(configuration.cluster):\(configuration.kubernetes.namespace)"
    }

    /// The ids of the configured queues, in order; all that are missing are named at once.
    private static func resolve(
        _ configuration: GlueConfiguration, server: ClearMLServer, create: Bool, logger: Logger
    ) async throws -> [WatchedQueue] {
        var found: [WatchedQueue] = []
        var missing: [String] = []
        for queue in configuration.queues {
            var id = try await server.queue(named: queue.name)?.id
            if id == nil, queue.createIfMissing, create {
                id = try await server.createQueue(name: queue.name)
                logger.info("queue made", metadata: ["queue": "\(queue.name)"])
            }
            if let id {
                found.append(WatchedQueue(id: id, name: queue.name, maxJobs: queue.maxJobs == 0 ? nil : queue.maxJobs))
            } else {
                missing.append("`\(queue.name)`")
            }
        }
        guard missing.isEmpty else {
            throw StartupFailure(
                "the ClearML server has no queue \(missing.joined(separator: ", ")): make it in the UI, or set `createIfMissing: true`",
                .environment)
        }
        return found
    }

    /// The queue in which start tokens lie; made when it is missing. Hidden in the UI's lists by its system tag.
    func pendingQueue() async throws -> String {
        let name = configuration.pendingQueueName
        return try await Self.patiently("find the pending queue `\(name)`", logger) {
            if let queue = try await server.queue(named: name) { return queue.id }
            do throws(ClearMLError) {
                return try await server.createQueue(name: name, systemTags: ["k8s-glue"])
            } catch {
                // Two replicas start at once: the other made it.
                if error.isRefusal(.duplicate), let queue = try await server.queue(named: name) { return queue.id }
                throw error
            }
        }
    }

    /// Tries `body` for a minute while its failure may pass.
    private static func patiently<T: Sendable>(
        _ what: String, _ logger: Logger, _ body: @Sendable () async throws -> T
    ) async throws -> T {
        let end = ContinuousClock.now + .seconds(60)
        var failures = 0
        while true {
            do {
                return try await body()
            } catch let error as StartupFailure {
                throw error
            } catch {
                failures += 1
                let isFinal =
                    (error as? ClearMLError)?.isPermanent ?? (error as? KubernetesError)?.isPermanent ?? false
                if isFinal || ContinuousClock.now >= end {

                    throw StartupFailure(
                        "cannot \(what): \(error)", .environment)
                }
                logger.warning("cannot \(what), trying again", metadata: ["error": "\(error)"])
                try await Task.sleep(
                    for: Backoff(base: .seconds(1), limit: .seconds(10)).delay(
                        failures: failures, jitter: .random(in: 0...1)))
            }
        }
    }
}

extension GlueService {
    /// Wires the service from open connections.
    init(_ connections: Connections) async throws {
        let configuration = connections.configuration
        let server = connections.server
        let logger = connections.logger
        try await Rights.check(
            connections.kube, namespace: configuration.kubernetes.namespace, logger: logger)
        let pendingQueue = try await connections.pendingQueue()
        let namespace = configuration.kubernetes.namespace
        let instance = connections.instance
        let worker = Connections.workerName(configuration)
        let byQueue = Dictionary(
            zip(connections.queues.map(\.id), configuration.queues), uniquingKeysWith: { first, _ in first })

        // Every call ends well within the time a step may take.
        let callLimit = min(.seconds(10), configuration.timing.claimDeadline * 0.75)
        let jobs = JobWriter(kube: connections.kube.within(callLimit), namespace: namespace, instance: instance.hash)
        let console = TaskConsole(server: server, worker: worker, logger: logger)
        let inFlight = InFlight()
        let renderer = JobRenderer(connections, pendingQueue: pendingQueue)
        let claims = ClaimWriter(
            server: server, jobs: jobs, console: console, pendingQueue: pendingQueue,
            place: .init(cluster: configuration.cluster, namespace: namespace), logger: logger
        ) { record, enqueue, attempt in
            guard let queue = connections.queues.first(where: { $0.id == enqueue.queue }) else { return nil }
            return try renderer.render(record, queue, enqueue, attempt).job
        }
        changes = Changes()
        cluster = try ClusterView(
            kube: connections.kube, namespace: namespace, instance: instance.hash)
        intake = Intake(
            server: server, jobs: jobs, claims: claims, console: console, inFlight: inFlight,
            queues: connections.queues, logger: logger, claimLimit: configuration.timing.claimDeadline,
            render: renderer.render)
        let actuator = Actuator(
            server: server, jobs: jobs, claims: claims, console: console, pendingQueue: pendingQueue, logger: logger,
            stepLimit: configuration.timing.claimDeadline)
        let orphanAfter = configuration.timing.orphanAfter
        reconciler = Reconciler(
            server: server, actuator: actuator, cluster: cluster, console: console, inFlight: inFlight,
            queues: connections.queues, pendingQueue: pendingQueue, instance: instance.hash,
            limits: { job in
                let queue = byQueue[job.enqueue.queue]
                return DecisionLimits(
                    pendingTimeout: queue?.pendingTimeout, retriesBeforeStart: queue?.retriesBeforeStart ?? 5,
                    retriesAfterStart: queue?.retriesAfterStart ?? 0,
                    terminationGrace: queue?.terminationGracePeriod ?? .seconds(30), orphanAfter: orphanAfter)
            },
            orphanAfter: orphanAfter, keepFinished: configuration.timing.keepFinishedJobs,
            abandonAfter: configuration.timing.abandonFinalizerAfter, logger: logger)
        self.console = console
        self.server = server
        self.worker = WorkerReport(
            server: server, worker: worker, queues: connections.queues.map(\.id), logger: logger)
        timing = configuration.timing
        self.logger = logger
    }
}

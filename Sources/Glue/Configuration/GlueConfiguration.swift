import ClearMLClient
import HTTP
import Logging

/// All that `glue` is told: glue.yaml with its defaults filled in, its templates and key files read.
struct GlueConfiguration: Sendable {
    var release: String
    var cluster: String
    var clearml: ClearMLSettings
    var kubernetes: KubernetesSettings
    var pendingQueueName: String
    var defaultImage: String
    var executor: ExecutorSettings
    /// In the order of claims.
    var queues: [QueueConfiguration]
    var timing: Timing
    var logging: LoggingSettings
}

/// Which ClearML server, and as whom.
struct ClearMLSettings: Sendable {
    var apiHost: String
    var accessKey: Secret<String>
    var secretKey: Secret<String>
    var tls: TLSOptions
}

/// Which cluster; nothing stated means the environment's, or the one we run in.
struct KubernetesSettings: Sendable, Equatable {
    var kubeconfig: String?
    var context: String?
    var namespace: String
}

/// What runs in a task container, and how it gets there.
struct ExecutorSettings: Sendable, Equatable {
    var path: String
    var image: String?
    var imagePullPolicy: String?
    var credentialsSecret: String
    /// As pods see it.
    var apiHost: String
    var environment: [EnvironmentVariable]
}

/// A name and a value, in an order that counts.
struct EnvironmentVariable: Sendable, Equatable {
    var name: String
    var value: String
}

/// One queue to serve.
struct QueueConfiguration: Sendable {
    var name: String
    var template: PodTemplate
    var createIfMissing: Bool
    var maxJobs: Int
    var pendingTimeout: Duration
    var terminationGracePeriod: Duration
    var retriesBeforeStart: Int
    var retriesAfterStart: Int
}

/// How often, and how long at most.
struct Timing: Sendable, Equatable {
    var pollInterval: Duration
    var statusInterval: Duration
    var recoveryInterval: Duration
    var claimDeadline: Duration
    var orphanAfter: Duration
    var abandonFinalizerAfter: Duration
    var keepFinishedJobs: Duration
}

/// glue's own log.
struct LoggingSettings: Sendable, Equatable {
    enum Format: String, Sendable {
        case text
        case json
    }

    var format: Format
    var level: Logger.Level
}

/// The contract between `glue` and `agent-exec`: what stands on a Job and its pod, encoded and decoded by one set of names.
///
/// `glue` reads pods of the release before it: a name that has shipped is never reused for something else,
/// and `version` rises when a reader must know.
public enum Handoff {
    /// The version of this contract.
    public static let version = "1"

    /// Label keys, on the Job and its pods.
    public enum Label {
        /// Hash of the glue instance that owns the object; the only selector glue lists by.
        public static let instance = "glue.clearml/instance"
        /// The short hash of one enqueue (queue id, `added`).
        public static let enqueue = "glue.clearml/enqueue"
        /// The attempt, from 1.
        public static let attempt = "glue.clearml/attempt"
        /// The task id; named as the Python glue does.
        public static let task = "clearml-task-id"
        /// The queue's name as a label value; named as the Python glue does.
        public static let queueName = "clearml-agent-queue-name"
        /// Set by the Job controller on pods: the Job's uid (legacy name, on every Kubernetes).
        public static let jobUID = "controller-uid"
    }

    /// Annotation keys, on the Job (and its pod template).
    public enum Annotation {
        /// `pending` from the Job's creation, `won` once the token stands in the pending queue.
        public static let claim = "glue.clearml/claim"
        /// The queue id from which the task was taken.
        public static let originQueue = "glue.clearml/origin-queue"
        /// The entry's `added` in it, as the server wrote it.
        public static let originAdded = "glue.clearml/origin-added"
        /// The instance, in words: cluster uid / namespace / release.
        public static let instanceName = "glue.clearml/instance-name"
        /// The pending queue's id, where the start token lies.
        public static let pendingQueue = "glue.clearml/pending-queue"
        /// The task's name, whole.
        public static let taskName = "glue.clearml/task-name"
        /// The version of this contract that wrote the object.
        public static let handoffVersion = "glue.clearml/handoff-version"
    }

    /// The value of `Annotation.claim`.
    public enum ClaimState: String, Sendable {
        case pending
        case won
    }

    /// Holds a Job until the server has acknowledged the outcome.
    public static let finalizer = "glue.clearml/outcome"

    /// Environment of the task container, set by glue, read by agent-exec.
    public enum Variable {
        /// The task id.
        public static let taskID = "GLUE_TASK_ID"
        /// The glue instance's hash.
        public static let instance = "GLUE_INSTANCE"
        /// The Job's uid, by the downward API from `Label.jobUID`.
        public static let jobUID = "GLUE_JOB_UID"
        /// The attempt, from 1.
        public static let attempt = "GLUE_ATTEMPT"
        /// The id of the pending queue with the start token.
        public static let pendingQueue = "GLUE_PENDING_QUEUE"
        /// Downward API.
        public static let podUID = "GLUE_POD_UID"
        /// Downward API.
        public static let podName = "GLUE_POD_NAME"
        /// Downward API.
        public static let podNamespace = "GLUE_POD_NAMESPACE"
        /// Downward API.
        public static let nodeName = "GLUE_NODE_NAME"
        /// Seconds between TERM and KILL, the pod's `terminationGracePeriodSeconds`.
        public static let graceSeconds = "GLUE_GRACE_SECONDS"
        /// Where the verdict goes, the container's `terminationMessagePath`.
        public static let verdictPath = "GLUE_VERDICT_PATH"
        /// The version of this contract that glue speaks.
        public static let version = "GLUE_HANDOFF"
        /// The name of the worker to appear as.
        public static let workerID = "CLEARML_WORKER_ID"
    }

    /// Settings of the executor that an operator may make through `executor.environment`; glue itself sets none.
    public enum Setting {
        /// Seconds between two looks at the task's status.
        public static let pollSeconds = "GLUE_POLL_SECONDS"
        /// How long the outcome is tried to be reported while the server is away.
        public static let reportSeconds = "GLUE_REPORT_SECONDS"
        /// After so many seconds without the server the code is ended, so that another attempt may begin elsewhere.
        public static let fenceSeconds = "GLUE_FENCE_SECONDS"
        /// The folder for code and environment.
        public static let workspace = "GLUE_WORKSPACE"
        /// All of them.
        public static let all: Set<String> = [pollSeconds, reportSeconds, fenceSeconds, workspace]
    }

    /// Keys in the task's `runtime` (flat strings: Mongo refuses dots in keys).
    public enum Runtime {
        /// `Claim`, as text.
        public static let claim = "glue_claim"
        /// The queue id from which the task was taken.
        public static let originQueue = "glue_origin_queue"
        /// The entry's `added` in it.
        public static let originAdded = "glue_origin_added"
        /// The attempt, from 1.
        public static let attempt = "glue_attempt"
        /// Attempts lost to infrastructure before the user's code ran.
        public static let lostBeforeStart = "glue_lost_before_start"
        /// Attempts lost after it ran.
        public static let lostAfterStart = "glue_lost_after_start"
        /// Set when recovery put the task back: its next claim keeps the budgets.
        public static let returned = "glue_returned"
        /// The uid of the pod that passed the start gate (`Claim.scoped`): it alone decides the outcome.
        public static let podUID = "glue_pod_uid"
        /// `Phase.rawValue` (`Claim.scoped`); `run` is written and acknowledged just before the child starts.
        public static let phase = "glue_phase"
        /// For people: where the task runs.
        public static let podName = "glue_pod"
        /// For people.
        public static let jobName = "glue_job"
        /// For people.
        public static let node = "glue_node"
        /// For people.
        public static let namespace = "glue_namespace"
        /// For people.
        public static let cluster = "glue_cluster"
        /// Every key of ours: a fresh claim resets what it does not set.
        public static let all = [
            claim, originQueue, originAdded, attempt, lostBeforeStart, lostAfterStart, returned, podUID, phase, podName,
            jobName, node, namespace, cluster,
        ]
    }
}

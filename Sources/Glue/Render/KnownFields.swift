/// The fields of Kubernetes 1.36 at the places where a slip is most likely (its OpenAPI document).
enum KnownFields {
    static let document = words("apiVersion kind metadata spec")
    static let podTemplate = words("metadata spec")
    static let metadata = words("annotations labels")

    static let jobSpec = words(
        """
        activeDeadlineSeconds backoffLimit backoffLimitPerIndex completionMode completions managedBy manualSelector \
        maxFailedIndexes parallelism podFailurePolicy podReplacementPolicy selector successPolicy suspend template \
        ttlSecondsAfterFinished
        """)

    static let podSpec = words(
        """
        activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy enableServiceLinks \
        ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride \
        imagePullSecrets initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName \
        readinessGates resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates \
        schedulingGroup securityContext serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace \
        subdomain terminationGracePeriodSeconds tolerations topologySpreadConstraints volumes
        """)

    static let container = words(
        """
        args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe resizePolicy \
        resources restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce \
        terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir
        """)

    static let resources = words("claims limits requests")

    private static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
}

/// What glue sets itself and a template cannot, each with the reason or the place to say it.
enum OwnedFields {
    static let metadata = [
        "name": "glue names the Job after the task", "generateName": "glue names the Job after the task",
        "namespace": "say it in the configuration (`kubernetes.namespace`)",
        "finalizers": "glue holds the Job until the outcome is on the server",
        "ownerReferences": "the Job belongs to glue alone", "uid": "the API server gives it",
        "resourceVersion": "the API server gives it", "creationTimestamp": "the API server gives it",
    ]

    static let jobSpec = [
        "parallelism": "glue holds the Job with it until the task is claimed", "completions": "a task is one pod",
        "backoffLimit": "glue decides on retries (`queues[].retries`)",
        "backoffLimitPerIndex": "glue decides on retries (`queues[].retries`)",
        "maxFailedIndexes": "glue decides on retries (`queues[].retries`)",
        "podFailurePolicy": "glue decides on retries (`queues[].retries`)", "completionMode": "a task is one pod",
        "successPolicy": "a task is one pod", "manualSelector": "the Job controller must find its pods by itself",
        "selector": "the Job controller must find its pods by itself", "managedBy": "the Job controller runs the Job",
        "podReplacementPolicy": "glue sets it where the cluster knows it", "suspend": "glue starts the Job",
        "ttlSecondsAfterFinished": "glue deletes the Job when the outcome is on the server",
    ]

    static let podSpec = [
        "terminationGracePeriodSeconds": "say it in the configuration (`queues[].terminationGracePeriod`)",
        "ephemeralContainers": "they are added to running pods only",
    ]

    static let taskContainer = [
        "command": "the task container runs the executor; what must run before it belongs in an init container",
        "args": "the task container runs the executor; what must run before it belongs in an init container",
        "terminationMessagePath": "the executor writes its verdict there",
        "terminationMessagePolicy": "the executor writes its verdict there",
        "restartPolicy": "glue decides on retries (`queues[].retries`)",
        "restartPolicyRules": "glue decides on retries (`queues[].retries`)",
    ]

    /// Whether glue, or the Job controller, sets the label or annotation called `key`.
    static func isReserved(key: String) -> Bool {
        key != PodTemplate.taskContainerAnnotation
            && (key.hasPrefix("glue.clearml/") || key.hasPrefix("batch.kubernetes.io/")
                || ["clearml-task-id", "clearml-agent-queue-name", "controller-uid", "job-name"].contains(key))
    }
}

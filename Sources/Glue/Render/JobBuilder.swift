import ClearMLClient
import Handoff
import JSON

/// The steps of `render`.
struct JobBuilder {
    static let verdictPath = "/dev/termination-log"
    private static let executorFolder = "/opt/glue"
    /// etcd takes 1.5 MiB at most; the Job controller copies the template into the pod and adds to it.
    private static let largestJob = 1 << 20

    private let input: RenderInput
    private let name: String
    private var job: JSONValue
    private var problems: [RenderProblem] = []
    private var warnings: [String] = []

    init(_ input: RenderInput) throws(RenderProblems) {
        guard input.task.id.utf8.count == 32, input.task.id.utf8.allSatisfy(Self.isHex),
            input.enqueueHash.utf8.allSatisfy(Self.isHex), (1...999).contains(input.attempt)
        else {
            throw RenderProblems(problems: [
                RenderProblem(path: "task", message: "`\(input.task.id.prefix(64))` is no id of a task (32 hex digits)")
            ])
        }
        self.input = input
        name = JobName(task: input.task.id, enqueue: input.enqueueHash, attempt: input.attempt).description
        var filling = Filling(
            values: [
                .taskID: input.task.id, .taskName: input.task.name, .taskProject: input.task.project,
                .taskUser: input.task.user, .taskImage: input.task.containerImage ?? "", .queueName: input.queueName,
                .attempt: String(input.attempt), .cluster: input.cluster,
            ], strip: input.queue.template.isPod ? "spec.template." : "")
        job = filling.fill(input.queue.template.job)
        problems = filling.problems
    }

    /// Name, labels and annotations, by which glue and the executor know the Job and its pod again.
    mutating func describe() {
        let labels: [(String, String)] = [
            (Handoff.Label.instance, input.instanceHash), (Handoff.Label.enqueue, input.enqueueHash),
            (Handoff.Label.attempt, String(input.attempt)), (Handoff.Label.task, input.task.id),
            (Handoff.Label.queueName, Names.labelValue(input.queueName)),
        ]
        let annotations: [(String, String)] = [
            (Handoff.Annotation.originQueue, input.queueID), (Handoff.Annotation.originAdded, input.added),
            (Handoff.Annotation.instanceName, input.instanceName),
            (Handoff.Annotation.pendingQueue, input.pendingQueueID),
            (Handoff.Annotation.taskName, input.task.name.shortened(bytes: Filling.longestNote)),
            (Handoff.Annotation.handoffVersion, Handoff.version),
        ]
        var metadata: JSONValue = [
            "name": .string(name), "namespace": .string(input.namespace),
            "finalizers": [.string(Handoff.finalizer)],
        ]
        metadata["labels"] = merged(job.at("metadata", "labels"), labels)
        // Only on the Job: it changes there, and a pod's would go stale.
        let claim = (Handoff.Annotation.claim, Handoff.ClaimState.pending.rawValue)
        metadata["annotations"] = merged(job.at("metadata", "annotations"), [claim] + annotations)
        let podMetadata = job.at("spec", "template", "metadata")
        var template = job.at("spec", "template") ?? [:]
        template["metadata"] = [
            "labels": merged(podMetadata?["labels"], labels),
            "annotations": merged(podMetadata?["annotations"], annotations),
        ]
        var spec = job["spec"] ?? [:]
        spec["template"] = template
        job = ["apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec]
    }

    /// Held: no pod until the claim is won. One pod, and no retry but glue's.
    mutating func fixJob() {
        var spec: JSONObject = ["parallelism": 0, "completions": 1, "backoffLimit": 0]
        for (key, value) in job["spec"]?.object ?? [:] { spec[key] = value }
        job["spec"] = .object(spec)
    }

    mutating func fixPod() {
        let grace = input.queue.terminationGracePeriod.components.seconds
        change { pod in
            pod["restartPolicy"] = "Never"
            pod["terminationGracePeriodSeconds"] = .integer(grace)
            // User code has no business with the API server; a template may say otherwise.
            if pod["automountServiceAccountToken"] == nil { pod["automountServiceAccountToken"] = false }
        }
    }

    mutating func fixTaskContainer() {
        changeTaskContainer { builder, container in
            let image = builder.image(template: container["image"]?.string)
            container["image"] = .string(image)
            container["command"] = [.string(builder.input.executor.path)]
            container["args"] = ["run"]
            container["terminationMessagePath"] = .string(Self.verdictPath)
            container["terminationMessagePolicy"] = "FallbackToLogsOnError"

            var environment = TaskEnvironment(template: container["env"])
            environment.add(builder.input.executor)
            if let arguments = builder.input.task.containerArguments { environment.add(dockerArguments: arguments) }
            environment.add(
                builder.input, workerID: "\(builder.input.cluster)/\(builder.input.namespace):\(builder.name)")
            container["env"] = .array(environment.variables)

            var resources = TaskResources()
            let amounts = resources.apply(builder.input.task, to: container["resources"] ?? [:])
            container["resources"] = amounts.nonEmpty
            builder.problems += environment.problems + resources.problems
            builder.warnings += environment.warnings + resources.warnings
        }
    }

    /// An init container that copies the executor into a volume, where neither the image nor the node has it.
    mutating func bringExecutor() {
        guard let image = input.executor.image else { return }
        let folder = Self.executorFolder
        changeTaskContainer { builder, container in
            var mounts = container["volumeMounts"]?.array ?? []
            if mounts.contains(where: { $0["mountPath"]?.string.map(Self.isExecutorFolder) == true }) {
                builder.problems.append(
                    RenderProblem(
                        path: "volumeMounts",
                        message: "the template mounts something at `\(folder)`, where the executor goes"))
            }
            mounts.append(["name": .string(PodTemplate.executorName), "mountPath": .string(folder), "readOnly": true])
            container["volumeMounts"] = .array(mounts)
        }
        let policy = input.executor.imagePullPolicy
        change { pod in
            var installer: JSONValue = [
                "name": .string(PodTemplate.executorName), "image": .string(image),
                "command": [.string("\(folder)/bin/agent-exec"), "install", "/opt/glue-volume"],
                "volumeMounts": [["name": .string(PodTemplate.executorName), "mountPath": "/opt/glue-volume"]],
            ]
            if let policy { installer["imagePullPolicy"] = .string(policy) }
            pod["initContainers"] = .array([installer] + (pod["initContainers"]?.array ?? []))
            pod["volumes"] = .array(
                (pod["volumes"]?.array ?? []) + [["name": .string(PodTemplate.executorName), "emptyDir": [:]]])
        }
    }

    /// What Kubernetes' "restricted" profile asks for and no ordinary task misses; a template may say otherwise.
    mutating func secure() {
        change { pod in
            var podContext = pod["securityContext"] ?? [:]
            if podContext["seccompProfile"] == nil { podContext["seccompProfile"] = ["type": "RuntimeDefault"] }
            pod["securityContext"] = podContext
            for group in ["initContainers", "containers"] {
                guard let containers = pod[group]?.array else { continue }
                pod[group] = .array(
                    containers.map { container in
                        var container = container
                        var context = container["securityContext"] ?? [:]
                        // The API server refuses "no escalation" for what may do anything already.
                        let isPrivileged =
                            context["privileged"]?.bool == true
                            || context.at("capabilities", "add")?.array?.contains {
                                ["SYS_ADMIN", "CAP_SYS_ADMIN"].contains($0)
                            }
                                == true
                        if context["allowPrivilegeEscalation"] == nil, !isPrivileged {
                            context["allowPrivilegeEscalation"] = false
                        }
                        container["securityContext"] = context.nonEmpty
                        if let resources = container["resources"] {
                            container["resources"] = TaskResources.balanced(resources)
                        }
                        return container
                    })
            }
        }
    }

    /// The Job, or all that is wrong.
    func finished() throws(RenderProblems) -> Rendered {
        var problems = problems
        let size = job.bytes.count
        if problems.isEmpty, size > Self.largestJob {
            problems.append(
                RenderProblem(path: "task", message: "its Job would have \(size) bytes; at most \(Self.largestJob) fit")
            )
        }
        if !problems.isEmpty { throw RenderProblems(problems: problems) }
        return Rendered(job: job, warnings: warnings)
    }

    // MARK: - Private steps

    /// The task's own image, else the template's, else the default.
    private mutating func image(template: String?) -> String {
        let image = input.task.containerImage?.trimmed ?? template ?? ""
        if image.isEmpty { return input.defaultImage }
        let isReadable = image.unicodeScalars.allSatisfy {
            $0.value > 0x20 && $0.value != 0x7f && !$0.properties.isWhitespace
        }
        if image.utf8.count > 1000 || !isReadable {
            problems.append(
                RenderProblem(
                    path: "container image",
                    message: "`\(image.prefix(80))` is no name of an image: it is too long or has blanks"))
        }
        return image
    }

    private mutating func change(_ body: (inout JSONValue) -> Void) {
        var template = job.at("spec", "template") ?? [:]
        var pod = template["spec"] ?? [:]
        body(&pod)
        template["spec"] = pod
        job["spec"]?["template"] = template
    }

    private mutating func changeTaskContainer(_ body: (inout JobBuilder, inout JSONValue) -> Void) {
        guard var containers = job.at("spec", "template", "spec", "containers")?.array,
            containers.indices.contains(input.queue.template.taskContainer)
        else { return }
        body(&self, &containers[input.queue.template.taskContainer])
        change { $0["containers"] = .array(containers) }
    }

    /// The template's texts with ours over them.
    private func merged(_ old: JSONValue?, _ new: [(String, String)]) -> JSONValue {
        var texts = old ?? [:]
        for (key, value) in new { texts[key] = .string(value) }
        return texts
    }

    private static func isExecutorFolder(_ path: String) -> Bool {
        path == executorFolder || path.hasPrefix(executorFolder + "/")
    }

    private static func isHex(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) }
}

extension String {
    /// Without blanks at either end.
    var trimmed: String {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// As much as fits in `bytes`, whole scalars, with `…` when something is missing.
    func shortened(bytes: Int) -> String {
        if utf8.count <= bytes { return self }
        var short = String.UnicodeScalarView()
        var size = 3
        for scalar in unicodeScalars {
            size += UTF8.width(scalar)
            if size > bytes { break }
            short.append(scalar)
        }
        return String(short) + "…"
    }
}

extension JSONValue {
    /// This object, unless it has no members. (A plain `nil` would be a JSON null here.)
    var nonEmpty: JSONValue? { object?.isEmpty == true ? .none : .some(self) }
}

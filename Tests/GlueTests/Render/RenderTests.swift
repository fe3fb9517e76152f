import ClearMLClient
import Handoff
import JSON
import OS
import Testing
import YAML

@testable import Glue

@Suite("Rendering")
struct RenderTests {
    @Test(
        "the shipped templates render as recorded",
        arguments: ["cpu", "gpu", "multi-gpu"], [false, true])
    func golden(name: String, withImage: Bool) throws {
        let text = String(decoding: try Files.read(packageRoot + "/templates/\(name).yaml"), as: UTF8.self)
        let task = RenderBench.task([
            "container": [
                "image": withImage ? "registry.test/team/train:1.2" : "", "arguments": "-e LEVEL=3 --ipc=host",
            ]
        ])
        let rendered = try render(
            RenderBench.input(
                try RenderBench.template(text), task, executorImage: withImage ? "registry.test/glue:1" : nil))
        let emitted = YAMLEmitter.text(of: rendered.job)
        #expect(rendered.warnings.count == 1)
        let file = packageRoot + "/Tests/Fixtures/render/\(name)\(withImage ? "-with-image" : "").yaml"
        if ProcessFacts.environment()["GLUE_ACCEPT_GOLDEN"] == "1" { try Files.write(Array(emitted.utf8), to: file) }
        let recorded = String(decoding: try Files.read(file), as: UTF8.self)
        #expect(emitted == recorded, "run the tests with GLUE_ACCEPT_GOLDEN=1 if the change is meant")
        #expect(try YAMLDocument.parse(Array(recorded.utf8), file: file).first?.json == rendered.job)
    }

    @Test("a Job is held, never retried by Kubernetes, and carries the claim")
    func held() throws {
        let job = try RenderBench.job(RenderBench.minimal)
        #expect(job.down("metadata/name") == "clearml-id-0123456789abcdef0123456789abcdef-a1b2c3-2")
        #expect(job.down("metadata/namespace") == "clearml")
        #expect(job.down("metadata/finalizers") == [.string(Handoff.finalizer)])
        #expect(job.down("spec/parallelism") == 0)
        #expect(job.down("spec/completions") == 1)
        #expect(job.down("spec/backoffLimit") == 0)
        let labels = job.down("metadata/labels")
        let expected = [
            Handoff.Label.instance: "00112233445566aa", Handoff.Label.enqueue: "a1b2c3", Handoff.Label.attempt: "2",
            Handoff.Label.task: "0123456789abcdef0123456789abcdef", Handoff.Label.queueName: "default",
        ]
        #expect(labels?.object?.count == expected.count)
        for (key, value) in expected { #expect(labels?[key] == .string(value)) }
        #expect(job.down("spec/template/metadata/labels") == labels)
        let annotations = job.at("metadata", "annotations")
        #expect(annotations?[Handoff.Annotation.claim] == "pending")
        #expect(annotations?[Handoff.Annotation.originQueue] == "ebda6890e5994de6824412de72974158")
        #expect(annotations?[Handoff.Annotation.originAdded] == "2026-11-23T23:34:26.355000+00:00")
        #expect(annotations?[Handoff.Annotation.pendingQueue] == "9ebf21f6a0df4fb3973c19f8d3cfbd73")
        #expect(annotations?[Handoff.Annotation.taskName] == "train the model")
        #expect(job.at("spec", "template", "metadata", "annotations")?[Handoff.Annotation.claim] == nil)
        #expect(job.pod?["restartPolicy"] == "Never")
        #expect(job.pod?["terminationGracePeriodSeconds"] == 30)
        #expect(job.pod?["automountServiceAccountToken"] == false)
    }

    @Test("the task container runs the executor with what it must know, and no secret stands in the Job")
    func environment() throws {
        let job = try RenderBench.job(RenderBench.minimal)
        #expect(job.container?["command"] == ["/opt/glue/bin/agent-exec"])
        #expect(job.container?["args"] == ["run"])
        #expect(job.container?["image"] == "python:3.11")
        #expect(job.container?["terminationMessagePolicy"] == "FallbackToLogsOnError")
        #expect(job.variable("GLUE_TASK_ID")?["value"] == "0123456789abcdef0123456789abcdef")
        #expect(job.variable("GLUE_GRACE_SECONDS")?["value"] == "30")
        #expect(job.variable("GLUE_VERDICT_PATH")?["value"] == job.container?["terminationMessagePath"])
        #expect(job.variable("CLEARML_API_HOST")?["value"] == "https://api.test:8008")
        #expect(
            job.variable("GLUE_JOB_UID")?.down("valueFrom/fieldRef/fieldPath") == "metadata.labels['controller-uid']")
        for name in ["CLEARML_API_ACCESS_KEY", "CLEARML_API_SECRET_KEY"] {
            #expect(
                job.variable(name)?["valueFrom"]
                    == ["secretKeyRef": ["name": "clearml-credentials", "key": .string(name)]])
        }
        // An administrator's reference stays one.
        #expect(job.variable("HF_HOME")?["value"] == "/cache/$(GLUE_TASK_ID)")
        let handled = [
            Handoff.Variable.taskID, Handoff.Variable.instance, Handoff.Variable.jobUID, Handoff.Variable.attempt,
            Handoff.Variable.pendingQueue, Handoff.Variable.podUID, Handoff.Variable.podName,
            Handoff.Variable.podNamespace, Handoff.Variable.nodeName, Handoff.Variable.graceSeconds,
            Handoff.Variable.verdictPath, Handoff.Variable.version, Handoff.Variable.workerID,
        ]
        for name in handled { #expect(job.variable(name) != nil, "\(name)") }
    }

    @Test("a Pod is wrapped, its labels on Job and pod, and problems name its own fields")
    func pod() throws {
        let text = """
            apiVersion: v1
            kind: Pod
            metadata:
              labels: {kueue.x-k8s.io/queue-name: team-a}
            spec:
              containers: [{name: task}]
              volumes: [{name: data, hostPath: {path: "/data/${task.name}"}}]
            """
        let job = try RenderBench.job(text, RenderBench.task(["name": "mnist"]))
        #expect(job.at("metadata", "labels")?["kueue.x-k8s.io/queue-name"] == "team-a")
        #expect(job.at("spec", "template", "metadata", "labels")?["kueue.x-k8s.io/queue-name"] == "team-a")
        #expect(job.pod?.down("volumes/0/hostPath/path") == "/data/mnist")
        let problems = RenderBench.problems(text, RenderBench.task(["name": "../../etc"]))
        #expect(problems.count == 1)
        #expect(
            problems.first?.hasPrefix("spec.volumes[0].hostPath.path: the template puts `${task.name}` here") == true)
    }

    @Test("placeholders: filled in texts, defaults for empty values, `$${` plain, the user's own texts left alone")
    func placeholders() throws {
        let text = """
            apiVersion: batch/v1
            kind: Job
            metadata:
              labels: {who: "x-${task.user}", name: "${task.name}"}
              annotations: {a: "${task.name} in ${queue.name} on ${cluster}, ${attempt} $5 $${HOME}", b: "${task.container.image:-none}"}
            spec:
              template:
                spec:
                  initContainers:
                    - name: first
                      image: busybox
                      command: [sh, -c, "echo ${HOME} ${task.id}"]
                      env: [{name: A, value: "${task.id}"}]
                  containers: [{name: task}]
                  nodeSelector: {pool: "${task.project}"}
            """
        let job = try RenderBench.job(text, RenderBench.task(["name": "träin: a/b"]))
        #expect(job.down("metadata/labels/who") == "x-__tests")
        #expect(job.down("metadata/labels/name") == "tr-in--a-b")
        #expect(job.down("metadata/annotations/a") == "träin: a/b in default on sandbox, 2 $5 ${HOME}")
        #expect(job.down("metadata/annotations/b") == "none")
        #expect(job.pod?.down("nodeSelector/pool") == "73a81c34e8d84742823bb8b4602b14d7")
        let first = job.pod?.down("initContainers/0")
        #expect(first?["command"] == ["sh", "-c", "echo ${HOME} ${task.id}"])
        #expect(first?.down("env/0/value") == "${task.id}")
    }

    @Test("the image: the task's, else the template's, else the default")
    func image() throws {
        let named = RenderBench.minimal + "\n          image: template:1"
        let own = RenderBench.task(["container": ["image": " own:2 "]])
        #expect(try RenderBench.job(named, own).container?["image"] == "own:2")
        #expect(try RenderBench.job(named).container?["image"] == "template:1")
        let empty = RenderBench.minimal + "\n          image: ${task.container.image}"
        #expect(try RenderBench.job(empty).container?["image"] == "python:3.11")
        let blank = RenderBench.task(["container": ["image": "a b"]])
        #expect(RenderBench.problems(RenderBench.minimal, blank).first?.hasPrefix("container image: `a b`") == true)
    }

    @Test("docker arguments become environment; what has no meaning here is named, what glue sets is refused")
    func dockerArguments() throws {
        let task = RenderBench.task([
            "container": [
                "arguments":
                    #"-e A=1 --env "B=two words" --env=C='$(CLEARML_API_SECRET_KEY)' -eD=4 --ipc=host -v /a:/b -e HOST -e GLUE_TASK_ID=x -e A=5"#
            ]
        ])
        let rendered = try render(RenderBench.input(try RenderBench.template(RenderBench.minimal), task))
        let job = rendered.job
        #expect(job.variable("A")?["value"] == "5")
        #expect(job.variable("B")?["value"] == "two words")
        // For the kubelet `$$(` is a plain `$(`: no reference to a secret.
        #expect(job.variable("C")?["value"] == "$$(CLEARML_API_SECRET_KEY)")
        #expect(job.variable("D")?["value"] == "4")
        #expect(job.variable("GLUE_TASK_ID")?["value"] == "0123456789abcdef0123456789abcdef")
        let names = job.container?["env"]?.array?.compactMap { $0["name"]?.string } ?? []
        #expect(Set(names).count == names.count)
        #expect(rendered.warnings.count == 4)
        for part in ["`--ipc`", "`-v`", "`-e HOST`", "`GLUE_TASK_ID` is set by glue"] {
            #expect(rendered.warnings.contains { $0.contains(part) }, "\(part)")
        }
        let open = RenderBench.task(["container": ["arguments": "-e A='1"]])
        #expect(RenderBench.problems(RenderBench.minimal, open) == ["docker arguments: the quote ' is never closed"])
    }

    @Test(
        "words are split as a shell splits them, and nothing is expanded",
        arguments: [
            (#"a  b"#, ["a", "b"]), (#"'a b'"c"\ d"#, ["a bc d"]), (#"'' """#, ["", ""]), (#""\n\"\$""#, [#"\n"$"#]),
            (#"'\'"#, [#"\"#]), ("$HOME `x` $(y)", ["$HOME", "`x`", "$(y)"]), (" \n\t", []),
        ] as [(String, [String])])
    func words(text: String, words: [String]) throws { #expect(try DockerArguments.words(text) == words) }

    @Test("an executor image comes as init container, volume and mount")
    func executorImage() throws {
        let job = try RenderBench.job(RenderBench.minimal, executorImage: "glue:1")
        let installer = job.pod?.down("initContainers/0")
        #expect(installer?["image"] == "glue:1")
        #expect(installer?["command"] == ["/opt/glue/bin/agent-exec", "install", "/opt/glue-volume"])
        #expect(job.pod?["volumes"] == [["name": "glue-executor", "emptyDir": [:]]])
        #expect(
            job.container?["volumeMounts"] == [["name": "glue-executor", "mountPath": "/opt/glue", "readOnly": true]])
        let taken = RenderBench.minimal + "\n          volumeMounts: [{name: x, mountPath: /opt/glue/bin}]"
        #expect(RenderBench.problems(taken, RenderBench.task(), executorImage: "glue:1").count == 1)
        #expect(RenderBench.problems(taken, RenderBench.task()).isEmpty)
    }

    @Test("the task container may be another than the first")
    func chosenContainer() throws {
        let text = """
            apiVersion: v1
            kind: Pod
            metadata:
              annotations: {glue.clearml/task-container: main}
            spec:
              containers:
                - {name: side, image: side:1, command: [serve], resources: {limits: {nvidia.com/gpu: 1}}}
                - {name: main}
            """
        let job = try RenderBench.job(text)
        #expect(job.container?["command"] == ["serve"])
        #expect(job.container?.down("resources/requests") == ["nvidia.com/gpu": 1])
        #expect(job.pod?.down("containers/1/args") == ["run"])
        #expect(
            RenderBench.problems(of: text.replacing(": main}\nspec", with: ": mian}\nspec"))
                == [
                    "t.yaml:4:46: metadata.annotations.glue.clearml/task-container: no container is called `mian`: did you mean `main`?",
                    "t.yaml:8:7: spec.containers[1]: `image` is missing",
                ])
    }

    @Test("nothing more may be gained than the template says")
    func security() throws {
        let job = try RenderBench.job(RenderBench.minimal)
        #expect(job.pod?["securityContext"] == ["seccompProfile": ["type": "RuntimeDefault"]])
        #expect(job.container?["securityContext"] == ["allowPrivilegeEscalation": false])
        let own = RenderBench.minimal + "\n          securityContext: {privileged: true}"
        #expect(try RenderBench.job(own).container?["securityContext"] == ["privileged": true])
    }
}

import Testing

@testable import Glue

@Suite("Reading templates")
struct TemplateTests {
    @Test("all that is wrong comes at once, each with its place")
    func everything() {
        let text = """
            apiVersion: batch/v1
            kind: Job
            metdata: {}
            metadata:
              name: mine
              labels:
                glue.clearml/instance: x
                ok: not ok
                number: 1
            spec:
              parallelism: 3
              templat: {}
              template:
                spec:
                  restartPolicy: Always
                  terminationGracePeriodSeconds: 5
                  nodeSelctor: {}
                  containers:
                    - name: task
                      command: [sh]
                      image: ${task.nmae}
                      env:
                        - {name: A, value: 1}
                        - {name: GLUE_TASK_ID, value: x}
                        - {name: A, value: "${HOME}"}
                      resources:
                        limits: {cpu: fast, nvidia.com/gpu: 1.5}
                        requests: {memory: 1GB, nvidia.com/gpu: 2}
                    - name: task
                      volumeMounts: [{name: x, mountPath: "/${task.name"}]
                  volumes:
                    - name: glue-executor
            """
        #expect(
            RenderBench.problems(of: text) == [
                "t.yaml:3:1: unknown field `metdata`: did you mean `metadata`?",
                "t.yaml:5:3: metadata.name: a template cannot set it: glue names the Job after the task",
                "t.yaml:7:5: metadata.labels.glue.clearml/instance: glue sets it",
                "t.yaml:8:9: metadata.labels.ok: `not ok` is no label value: at most 63 letters, digits, `-`, `_`, `.`",
                "t.yaml:9:13: metadata.labels.number: an integer where a text is expected: put it in quotes",
                "t.yaml:11:3: spec.parallelism: a template cannot set it: glue holds the Job with it until the task is claimed",
                "t.yaml:12:3: spec: unknown field `templat`: did you mean `template`?",
                "t.yaml:15:22: spec.template.spec.restartPolicy: glue decides on retries: leave it out, or `Never`",
                "t.yaml:16:7: spec.template.spec.terminationGracePeriodSeconds: a template cannot set it: say it in the configuration (`queues[].terminationGracePeriod`)",
                "t.yaml:17:7: spec.template.spec: unknown field `nodeSelctor`: did you mean `nodeSelector`?",
                "t.yaml:20:11: spec.template.spec.containers[0].command: a template cannot set it: the task container runs the executor; what must run before it belongs in an init container",
                "t.yaml:21:18: spec.template.spec.containers[0].image: unknown placeholder `${task.nmae}`: did you mean `task.name`?; write `$${` for a plain `${`",
                "t.yaml:23:32: spec.template.spec.containers[0].env[0].value: an integer where a text is expected: put it in quotes",
                "t.yaml:24:15: spec.template.spec.containers[0].env[1]: glue sets `GLUE_TASK_ID`",
                "t.yaml:25:15: spec.template.spec.containers[0].env[2]: `A` is there twice",
                "t.yaml:27:27: spec.template.spec.containers[0].resources.limits.cpu: `fast` is no quantity, as `2`, `500m` or `16Gi`",
                "t.yaml:27:49: spec.template.spec.containers[0].resources.limits.nvidia.com/gpu: `1.5` is no whole number: a device cannot be divided",
                "t.yaml:28:32: spec.template.spec.containers[0].resources.requests.memory: `1GB` is no quantity, as `2`, `500m` or `16Gi`",
                "t.yaml:28:53: spec.template.spec.containers[0].resources.requests.nvidia.com/gpu: is 2 but its limit is 1.5: for a device both must be the same",
                "t.yaml:29:11: spec.template.spec.containers[1]: `image` is missing",
                "t.yaml:29:17: spec.template.spec.containers[1].name: `task` is there twice",
                "t.yaml:30:47: spec.template.spec.containers[1].volumeMounts[0].mountPath: `${task.name` has no `}`; write `$${` for a plain `${`",
                "t.yaml:32:11: spec.template.spec.volumes[0]: the volume `glue-executor` is glue's",
            ])
    }

    @Test(
        "what is no template says so",
        arguments: [
            ("", "t.yaml: 0 YAML documents; a template is exactly one"),
            ("a: b\n---\nc: d", "t.yaml:3:1: 2 YAML documents; a template is exactly one"),
            ("- x", "t.yaml:1:1: a list where fields are expected"),
            (
                "apiVersion: apps/v1\nkind: Deployment",
                "t.yaml:2:1: `apiVersion: apps/v1`, `kind: Deployment`: a template is a `batch/v1` Job or a `v1` Pod"
            ),
            ("apiVersion: v1\nkind: Pod", "t.yaml:1:1: `spec` is missing"),
            (
                "apiVersion: v1\nkind: Pod\nspec: {containers: []}",
                "t.yaml:3:20: spec.containers: is empty: the first container runs the task"
            ),
            ("apiVersion: v1\nkind: Pod\nspec: {}", "t.yaml:3:7: spec: `containers` is missing"),
            (
                "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: a}]}",
                "t.yaml:3:21: spec.containers[0]: `name` is missing or no text"
            ),
        ])
    func noTemplate(text: String, problem: String) {
        #expect(RenderBench.problems(of: text) == [problem])
    }

    @Test("a file that is not there is named")
    func missing() {
        let error = #expect(throws: ConfigurationProblems.self) { try PodTemplate.load("/no/such.yaml") }
        #expect(error?.description == "/no/such.yaml: cannot open `/no/such.yaml`: No such file or directory")
    }
}

import JSON
import Testing

@testable import Glue

@Suite("Resources a task asks for")
struct TaskResourcesTests {
    private let gpu =
        RenderBench.minimal + "\n          resources: {limits: {memory: 8Gi, nvidia.com/gpu: 1}, requests: {cpu: '2'}}"

    private func resources(_ template: String, _ wishes: [String: String]) throws -> JSONValue? {
        try RenderBench.job(template, RenderBench.task(wishes: wishes)).container?["resources"]
    }

    @Test("nothing asked: the template's, devices requested as they are limited")
    func none() throws {
        #expect(
            try resources(gpu, [:]) == [
                "limits": ["memory": "8Gi", "nvidia.com/gpu": 1], "requests": ["cpu": "2", "nvidia.com/gpu": 1],
            ])
        #expect(try resources(RenderBench.minimal, [:]) == nil)
    }

    @Test("gpus, cpu and memory replace the template's")
    func amounts() throws {
        #expect(
            try resources(gpu, ["gpus": "4", "cpu": "500m", "memory": " 16Gi "]) == [
                "limits": ["memory": "16Gi", "nvidia.com/gpu": "4"],
                "requests": ["cpu": "500m", "memory": "16Gi", "nvidia.com/gpu": "4"],
            ])
        #expect(
            try resources(RenderBench.minimal, ["gpus": "2"]) == [
                "limits": ["nvidia.com/gpu": "2"], "requests": ["nvidia.com/gpu": "2"],
            ])
    }

    @Test("no GPU leaves none behind")
    func noGPU() throws {
        #expect(try resources(gpu, ["gpus": "0"]) == ["limits": ["memory": "8Gi"], "requests": ["cpu": "2"]])
    }

    @Test("another device takes the place of the template's")
    func otherResource() throws {
        let slice = try resources(gpu, ["gpu-resource": "nvidia.com/mig-1g.10gb", "gpus": "1"])
        #expect(slice?["limits"] == ["memory": "8Gi", "nvidia.com/mig-1g.10gb": "1"])
        #expect(slice?["requests"] == ["cpu": "2", "nvidia.com/mig-1g.10gb": "1"])
    }

    @Test(
        "what is no amount fails the task and names the parameter",
        arguments: [
            ("gpus", "two"), ("gpus", "-1"), ("gpus", "1.5"), ("gpus", "100000"), ("cpu", "many"), ("cpu", "0"),
            ("memory", "16 Gi"), ("memory", "16GB"), ("memory", "-1"), ("gpu-resource", "memory"),
            ("gpu-resource", "kubernetes.io/x"), ("gpu-resource", "a.b/c\n"), ("gpu-resource", "nvidia.com/"),
        ])
    func invalid(name: String, value: String) {
        let problems = RenderBench.problems(gpu, RenderBench.task(wishes: [name: value]))
        if value == "a.b/c\n" { return #expect(problems.isEmpty, "blanks around are taken off") }
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("hyperparameter Kubernetes/\(name): ") == true)
    }

    @Test("an unknown wish is named, not dropped")
    func unknown() throws {
        let task = RenderBench.task(wishes: ["memroy": "1Gi"])
        let rendered = try render(RenderBench.input(try RenderBench.template(gpu), task))
        #expect(rendered.warnings == ["hyperparameter `Kubernetes/memroy` is not applied: did you mean `memory`?"])
    }

    @Test(
        "quantities are read as Kubernetes reads them",
        arguments: [
            ("1", 1), ("0.5", 0.5), (".5", 0.5), ("5.", 5), ("500m", 0.5), ("2k", 2000), ("1Ki", 1024), ("1e3", 1000),
            ("1E3", 1000),
            ("1E", 1e18), ("+2", 2), ("-2", -2), ("1.5Gi", 1_610_612_736), ("12e-1", 1.2),
        ] as [(String, Double)])
    func quantity(text: String, value: Double) { #expect(Quantity.value(text) == value) }

    @Test(
        "and nothing else",
        arguments: ["", "m", "1 Gi", "1GB", "1gi", "0x10", "1..2", "--1", "1e", "1e99", "ⅷ", "１", "NaN", "."])
    func noQuantity(text: String) { #expect(Quantity.value(text) == nil) }
}

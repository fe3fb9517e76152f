import JSON
import OS
import Testing
import YAML

@testable import Glue

@Suite("glue render and glue validate")
struct OfflineCommandTests {
    private func folder(task: String = #"{"data": {"task": {"id": "0123456789abcdef0123456789abcdef", "name": "n"}}}"#)
        throws -> String
    {
        let folder = "/tmp/glue-offline-\(randomHex(bytes: 8))"
        try Files.makeFolder(folder)
        let queues = "queues: [{name: gpu, template: \(packageRoot)/templates/gpu.yaml}]"
        try Files.write(Array(queues.utf8), to: folder + "/glue.yaml")
        try Files.write(Array(task.utf8), to: folder + "/task.json")
        return folder
    }

    @Test("validate says what it checked, without credentials")
    func validate() throws {
        let path = try folder() + "/glue.yaml"
        let good = OfflineCommands.validate(configuration: path, environment: [:])
        #expect(good == CommandResult(output: "\(path): ok: 1 queue(s), 1 template(s)\n", exitCode: 0))
        try Files.write(Array("queue: []".utf8), to: path)
        let bad = OfflineCommands.validate(configuration: path, environment: [:])
        #expect(bad.exitCode == 2)
        #expect(bad.errors.hasPrefix("\(path):1:1: unknown key `queue`: did you mean `queues`?\n"))
    }

    @Test("render shows the Job that would be made")
    func render() throws {
        let folder = try folder()
        let result = OfflineCommands.render(
            configuration: folder + "/glue.yaml", taskFile: folder + "/task.json", queue: "gpu", environment: [:])
        #expect(result.exitCode == 0 && result.errors == "")
        let job = try #require(try YAMLDocument.parse(Array(result.output.utf8), file: "out").first?.json)
        #expect(job.down("metadata/name") == "clearml-id-0123456789abcdef0123456789abcdef-000000-1")
        #expect(job.container?.down("resources/requests")?["nvidia.com/gpu"] == 1)
    }

    @Test("render names what it cannot use")
    func failures() throws {
        let folder = try folder(task: "{}")
        let task = OfflineCommands.render(
            configuration: folder + "/glue.yaml", taskFile: folder + "/task.json", queue: "gpu", environment: [:])
        #expect(task.exitCode == 2 && task.errors.contains("task.json: holds no task"))
        let queue = OfflineCommands.render(
            configuration: folder + "/glue.yaml", taskFile: folder + "/task.json", queue: "gpus", environment: [:])
        #expect(queue.exitCode == 2 && queue.errors.contains("no queue `gpus`: did you mean `gpu`?"))
    }
}

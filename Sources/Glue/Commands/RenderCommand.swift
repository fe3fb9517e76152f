import ArgumentParser
import OS

extension GlueCommand {
    /// `glue render`
    struct Render: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the Job that a task would become, without any server.")

        @Option(name: .long, help: "The configuration file.")
        var config: String

        @Option(name: .long, help: "A task as JSON, as `tasks.get_by_id` answers.")
        var taskFile: String

        @Option(name: .long, help: "The queue it would come from.")
        var queue: String

        func run() async throws {
            try OfflineCommands.render(
                configuration: config, taskFile: taskFile, queue: queue, environment: ProcessFacts.environment()
            ).finish()
        }
    }

    /// `glue validate`
    struct Validate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check the configuration and every template it names; list all problems.")

        @Option(name: .long, help: "The configuration file.")
        var config: String

        func run() async throws {
            try OfflineCommands.validate(configuration: config, environment: ProcessFacts.environment()).finish()
        }
    }
}

extension CommandResult {
    /// Prints, and ends the command with the result's exit code.
    func finish() throws {
        if !errors.isEmpty { Terminal.error(errors) }
        if !output.isEmpty { Terminal.out(output) }
        if exitCode != 0 { throw ExitCode(exitCode) }
    }
}

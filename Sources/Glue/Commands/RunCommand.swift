import ArgumentParser
import Logging
import OS

extension GlueCommand {
    /// `glue run`
    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Pull tasks from the queues and run them as Jobs, until told to stop.")

        @Option(name: .long, help: "The configuration file.")
        var config: String

        @Flag(name: .long, help: "Look at the queues once and print the Jobs that would be created; change nothing.")
        var dryRun = false

        func run() async throws {
            let environment = ProcessFacts.environment()
            let configuration = try GlueConfiguration.load(path: config, environment: environment)
            GlueLog.bootstrap(configuration.logging)
            let logger = Logger(label: "glue")
            let shutdown = Shutdown.signals()
            let connections = try await Connections.open(
                configuration, environment: environment, createQueues: !dryRun, logger: logger)
            if dryRun {
                Terminal.out(try await DryRun(connections).text())
                return
            }
            try await GlueService(connections).run(shutdown: shutdown)
        }
    }
}

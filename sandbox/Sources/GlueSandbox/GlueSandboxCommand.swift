import ArgumentParser

@main
struct GlueSandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "glue-sandbox",
        abstract: "A ClearML-compatible server and a Kubernetes-compatible cluster in one process.",
        subcommands: [RunCommand.self])
}

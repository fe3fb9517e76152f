import ArgumentParser
import JSON
import OS

extension GlueCommand {
    /// `glue explain`
    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what glue makes of a pod, saved with `kubectl get pod NAME -o json`.")

        @Argument(help: "The file.")
        var file: String

        func run() async throws {
            let document: JSONValue
            do {
                document = try JSONValue(parsing: try Files.read(file))
            } catch {
                throw StartupFailure("cannot read a pod from `\(file)`: \(error)", .configuration)
            }
            guard document["kind"]?.string == "Pod" else {
                throw StartupFailure(
                    "`\(file)` holds no Pod but \(document["kind"]?.string ?? document.kindName)", .configuration)
            }
            let pod = PodReading(document)
            guard pod.isTerminal else {
                switch Waiting.of(pod, pendingTimeout: nil) {
                case .patience(nil): Terminal.out(pod.taskMayHaveStarted ? "running" : "starting")
                case .patience(let note?): Terminal.out("waits: \(note.message)")
                case .giveUp(let finding, let after):
                    Terminal.out(
                        "waits: \(finding.message)" + (after < .seconds(100_000) ? "\nfails after \(after)" : ""))
                }
                return
            }
            Terminal.out(Ending.of(pod).summary)
        }
    }
}

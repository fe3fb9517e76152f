import ArgumentParser
@preconcurrency import Dispatch
import Glibc
import Logging
import OS

/// ClearML tasks as Kubernetes Jobs.
@main
struct GlueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "glue", abstract: "ClearML tasks as Kubernetes Jobs.",
        subcommands: [Run.self, Render.self, Validate.self, Explain.self])

    static func main() async {
        // A broken pipe is an error of the write, not a death.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            end(GlueExit.success.rawValue)
        } catch let failure as StartupFailure {
            Terminal.error("glue: \(failure)")
            end(failure.exit.rawValue)
        } catch let problems as ConfigurationProblems {
            Terminal.error("\(problems)")
            end(GlueExit.configuration.rawValue)
        } catch let code as ExitCode {
            end(code.rawValue)
        } catch {
            if let text = Optional(fullMessage(for: error)), exitCode(for: error) != .failure {
                // Usage errors and help, as ArgumentParser words them.
                exitCode(for: error) == .success ? Terminal.out(text) : Terminal.error(text)
                end(exitCode(for: error) == .success ? 0 : GlueExit.configuration.rawValue)
            }
            Terminal.error("glue: \(error)")
            end(GlueExit.failure.rawValue)
        }
    }

    /// Without the libraries' tidying up, which frees what the threads of connections still use.
    private static func end(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }
}

/// Data to standard output, everything else to standard error.
enum Terminal {
    static func out(_ text: String) { write(text, 1) }
    static func error(_ text: String) { write(text, 2) }

    private static func write(_ text: String, _ file: Int32) {
        var rest = Array((text.hasSuffix("\n") ? text : text + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// The first TERM or INT, as a stream that ends with it.
enum Shutdown {
    static func signals() -> AsyncStream<Void> {
        AsyncStream { continuation in
            for number in [SIGTERM, SIGINT] {
                // Not ignored meanwhile: one that comes before the source listens ends the process as it would any other.
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { continuation.finish() }
                source.resume()
                sources.append(source)
            }
        }
    }

    // Kept for the life of the process: a source that is let go hears nothing. Written once, before anything runs.
    nonisolated(unsafe) private static var sources: [any DispatchSourceSignal] = []
}

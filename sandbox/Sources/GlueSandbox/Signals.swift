import Dispatch
import Glibc

/// The signals that end the sandbox.
enum Signals {
    /// A reader of our output that has gone must not end the sandbox. Containers get the default back.
    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Returns when SIGTERM or SIGINT arrives. A second one ends the process at once.
    static func awaitTermination() async {
        let (arrived, arrive) = AsyncStream<Void>.makeStream()
        let sources = [SIGTERM, SIGINT].map { number in
            // Not ignored meanwhile: one that comes before the source listens ends the process as it would any other.
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                signal(number, SIG_DFL)
                arrive.finish()
            }
            source.resume()
            return source
        }
        for await _ in arrived {}
        for source in sources { source.cancel() }
    }
}

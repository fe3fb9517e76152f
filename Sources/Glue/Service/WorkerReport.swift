import ClearMLClient
import Logging
import OS

/// glue on the UI's "Workers & Queues" page.
struct WorkerReport: Sendable {
    let server: ClearMLServer
    let worker: String
    let queues: [String]
    let logger: Logger

    /// Registers, then reports every 30 s (as the Python agent does) until cancelled.
    func run() async {
        var registered = false
        while !Task.isCancelled {
            do throws(ClearMLError) {
                if !registered {
                    try await server.registerWorker(worker, queues: queues)
                    registered = true
                }
                try await server.reportWorker(worker, timestamp: Timestamp.now().milliseconds, queues: queues)
            } catch {
                registered = false
                logger.debug("worker not reported", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(30))
        }
    }

    /// Takes the worker off the page.
    func unregister() async {
        do throws(ClearMLError) {
            try await server.unregisterWorker(worker)
        } catch {
            logger.debug("worker not unregistered", metadata: ["error": "\(error)"])
        }
    }
}

import CCurl
import Glibc
import HTTP
import Synchronization

/// The front of the thread that runs libcurl: takes commands from any task, wakes the thread, and that is all.
final class CurlEngine: Sendable {
    enum Command: Sendable {
        case start(Exchange)
        case cancel(Exchange)
        case resume(Exchange)
    }

    /// `curl_multi_wakeup` is the one call allowed from other threads; it happens under `inbox`'s lock while the handle
    /// is known to live. Everything else is done by the thread alone. Hence unchecked.
    struct MultiHandle: @unchecked Sendable {
        let pointer: UnsafeMutableRawPointer
    }

    private struct Inbox {
        var commands: [Command] = []
        var isStopping = false
        /// `nil` when the thread is gone, or never came.
        var multi: MultiHandle?
    }

    private let inbox: Mutex<Inbox>

    private init(_ multi: MultiHandle?) { inbox = Mutex(Inbox(multi: multi)) }

    /// libcurl wants this once in a process, before anything else.
    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Makes an engine and its thread. When the system refuses either, every exchange fails and says so.
    static func start() -> CurlEngine {
        guard isLibraryReady, let pointer = curl_multi_init() else { return CurlEngine(nil) }
        let multi = MultiHandle(pointer: pointer)
        let engine = CurlEngine(multi)
        var thread = pthread_t()
        let box = Unmanaged.passRetained(ThreadStart(engine: engine, multi: multi))
        let status = pthread_create(&thread, nil, runCurlThread, box.toOpaque())
        if status == 0 {
            pthread_detach(thread)
        } else {
            box.release()
            engine.close()
        }
        return engine
    }

    /// Runs `exchange` up to its head (a stream) or its end (a whole response).
    func answer(to exchange: Exchange) async -> Result<HTTPResponse, HTTPError> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                exchange.awaitHead(continuation)
                submit(.start(exchange))
            }
        } onCancel: {
            submit(.cancel(exchange))
        }
    }

    /// Hands `command` to the thread. On an engine that has ended, an exchange fails at once.
    func submit(_ command: Command) {
        let isAccepted = inbox.withLock { inbox in
            guard let multi = inbox.multi else { return false }
            inbox.commands.append(command)
            if inbox.commands.count == 1 { curl_multi_wakeup(multi.pointer) }
            return true
        }
        if !isAccepted, case .start(let exchange) = command {
            exchange.finish(exchange.error(.connect, mayHaveActed: false, "the transport could not start its thread"))
        }
    }

    /// Tells the thread to end; what is still open ends as cancelled.
    func stop() {
        inbox.withLock { inbox in
            inbox.isStopping = true
            if let multi = inbox.multi { curl_multi_wakeup(multi.pointer) }
        }
    }

    /// For the thread: the commands since the last time, and whether to go on.
    func takeCommands() -> (commands: [Command], isStopping: Bool) {
        inbox.withLock { inbox in
            defer { inbox.commands = [] }
            return (inbox.commands, inbox.isStopping)
        }
    }

    /// For the thread, at its end: nothing is accepted any more, the handle goes.
    func close() {
        let (multi, left) = inbox.withLock { inbox in
            defer {
                inbox.multi = nil
                inbox.commands = []
            }
            return (inbox.multi, inbox.commands)
        }
        if let multi { curl_multi_cleanup(multi.pointer) }
        for case .start(let exchange) in left {
            exchange.finish(exchange.error(.cancelled, mayHaveActed: false, "the transport was closed"))
        }
    }
}

/// What the new thread needs.
private final class ThreadStart: Sendable {
    let engine: CurlEngine
    let multi: CurlEngine.MultiHandle

    init(engine: CurlEngine, multi: CurlEngine.MultiHandle) {
        self.engine = engine
        self.multi = multi
    }
}

private func runCurlThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    // Signals belong to the main thread.
    var everySignal = sigset_t()
    sigfillset(&everySignal)
    pthread_sigmask(SIG_BLOCK, &everySignal, nil)
    let start = Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
    var loop = CurlLoop(start.engine, start.multi.pointer)
    loop.run()
    return nil
}

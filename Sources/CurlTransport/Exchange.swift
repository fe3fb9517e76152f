import HTTP
import Synchronization

/// One request and its answer, as the waiting task and the curl thread share it.
final class Exchange: Sendable {
    enum Delivery: Sendable {
        /// The head and the body together, at most `limit` bytes.
        case whole(limit: Int)
        /// The head, then the body piece by piece.
        case stream
        /// No answer at all, only what the server shows in the handshake.
        case certificates
    }

    /// How much of a stream's body may wait for its reader.
    static let bufferLimit = 256 << 10

    let request: HTTPRequest
    let settings: CurlSettings
    let delivery: Delivery

    private struct State {
        var head: CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>?
        var reader: CheckedContinuation<Result<[UInt8]?, HTTPError>, Never>?
        var buffer: [UInt8] = []
        var isPaused = false
        var isCancelledBeforeStart = false
        /// How it ended; success is an end without an error.
        var end: Result<Void, HTTPError>?
    }

    private let state = Mutex(State())

    init(_ request: HTTPRequest, settings: CurlSettings, delivery: Delivery) {
        self.request = request
        self.settings = settings
        self.delivery = delivery
    }

    /// An error that names the request, without its query and without user and password.
    func error(_ kind: HTTPError.Kind, mayHaveActed: Bool, _ why: String) -> HTTPError {
        let target = URLParts(request.url)?.shown ?? "(not a URL)"
        return HTTPError(kind, mayHaveActed: mayHaveActed, "\(request.method.rawValue) \(target): \(why)")
    }

    // MARK: - The task's side

    /// Leaves `continuation` to be resumed with the answer.
    func awaitHead(_ continuation: CheckedContinuation<Result<HTTPResponse, HTTPError>, Never>) {
        state.withLock { $0.head = continuation }
    }

    /// All that has arrived since the last time, or `nil` at the end. `resume` is called when the sender was stopped.
    func nextChunk(resume: () -> Void) async -> Result<[UInt8]?, HTTPError> {
        await withCheckedContinuation { continuation in
            enum Step {
                case deliver(Result<[UInt8]?, HTTPError>, resume: Bool)
                case wait
            }
            let step: Step = state.withLock { state in
                if !state.buffer.isEmpty {
                    defer {
                        state.buffer = []
                        state.isPaused = false
                    }
                    return .deliver(.success(state.buffer), resume: state.isPaused)
                }
                if let end = state.end { return .deliver(end.map { nil }, resume: false) }
                if state.reader != nil {
                    let error = error(.protocolViolation, mayHaveActed: true, "two readers of one body")
                    return .deliver(.failure(error), resume: false)
                }
                state.reader = continuation
                return .wait
            }
            if case .deliver(let result, let isResume) = step {
                if isResume { resume() }
                continuation.resume(returning: result)
            }
        }
    }

    // MARK: - The thread's side

    /// Marks an exchange whose start is still to come.
    func cancelBeforeStart() { state.withLock { $0.isCancelledBeforeStart = true } }

    /// Whether `cancelBeforeStart()` came first.
    var isCancelledBeforeStart: Bool { state.withLock { $0.isCancelledBeforeStart } }

    /// Gives the waiting task its answer.
    func open(_ response: HTTPResponse) {
        let head = state.withLock { state in
            defer { state.head = nil }
            return state.head
        }
        head?.resume(returning: .success(response))
    }

    /// Gives the reader a piece of the body; `false` when it has enough already: offer the piece again later.
    func offer(_ piece: UnsafeRawBufferPointer) -> Bool {
        let (isTaken, reader, chunk) = state.withLock {
            state -> (Bool, CheckedContinuation<Result<[UInt8]?, HTTPError>, Never>?, [UInt8]) in
            if let reader = state.reader {
                state.reader = nil
                return (true, reader, Array(piece))
            }
            if !state.buffer.isEmpty, state.buffer.count + piece.count > Self.bufferLimit {
                state.isPaused = true
                return (false, nil, [])
            }
            state.buffer += piece
            return (true, nil, [])
        }
        reader?.resume(returning: .success(chunk))
        return isTaken
    }

    /// Ends the exchange for whoever waits: with `error`, or well.
    func finish(_ error: HTTPError?) {
        let end: Result<Void, HTTPError> = error.map { .failure($0) } ?? .success(())
        let (head, reader) = state.withLock { state in
            defer {
                state.head = nil
                state.reader = nil
            }
            if state.end == nil { state.end = end }
            return (state.head, state.reader)
        }
        reader?.resume(returning: end.map { nil })
        head?.resume(
            returning: .failure(
                error ?? self.error(.protocolViolation, mayHaveActed: true, "the answer ended before its head")))
    }
}

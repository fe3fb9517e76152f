import Glibc
import HTTP
import OS
import SandboxServer

/// One line for each request, on standard error, when asked for.
struct RequestLog: Sendable {
    let isOn: Bool
    let api: String

    /// Answers through `backend` and tells what came of it.
    func respond(to request: HTTPRequest, from peer: Peer, _ backend: Responder) async -> Reply {
        guard isOn else { return await backend(request, peer) }
        let clock = ContinuousClock()
        let start = clock.now
        let reply = await backend(request, peer)
        let outcome =
            switch reply {
            case .whole(let response), .wholeThen(let response, _): "\(response.status) \(response.body.count)B"
            case .stream(let stream): "\(stream.status) stream"
            case .dropConnection: "dropped"
            }
        let milliseconds = (clock.now - start) / .milliseconds(1)
        Console.say(
            "\(Timestamp.now()) \(api) \(request.method.rawValue) \(request.url) \(outcome) \(Int(milliseconds))ms")
        return reply
    }
}

/// Standard error, a line at a time.
enum Console {
    /// Writes `line`. What cannot be written (the reader is gone) is lost.
    static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(2, bytes, bytes.count)
    }
}

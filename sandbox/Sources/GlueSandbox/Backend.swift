import HTTP
import SandboxServer

/// One API behind its server: the fault endpoint, the faults, the log, then the API itself.
struct Backend: Sendable {
    let api: String
    let faults: FaultBook
    let isVerbose: Bool
    let answer: Responder

    init(api: String, faults: FaultBook, isVerbose: Bool, answer: @escaping Responder) {
        self.api = api
        self.faults = faults
        self.isVerbose = isVerbose
        self.answer = answer
    }

    /// Answers one request.
    @Sendable func respond(to request: HTTPRequest, from peer: Peer) async -> Reply {
        await RequestLog(isOn: isVerbose, api: api).respond(to: request, from: peer) { request, peer in
            if let reply = faults.administer(request) { return .whole(reply) }
            return await faults.respond(api: api, to: request, from: peer, backend: answer)
        }
    }
}

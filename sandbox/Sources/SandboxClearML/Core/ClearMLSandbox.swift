public import HTTP
import JSON
public import OS
import Synchronization

/// A ClearML server (2.3.0, API 2.34) as a state machine in memory: a request goes in, a response comes out.
///
/// **Guarantees.** Every request is one atomic step: a `Mutex` is held from reading to answering, so of several parties
/// that take one queue entry at once exactly one wins. Nothing waits and nothing touches the network or the disk.
///
/// **Bounds.** Events are kept up to `ClearMLSandboxConfiguration.eventBytesLimit`, files up to `fileBytesLimit`,
/// tokens up to 10,000. Tasks, queues, projects and models are kept until somebody deletes them.
///
/// **Caveats.** A memory of one process: a restart forgets everything, tokens included.
public final class ClearMLSandbox: Sendable {
    private let configuration: ClearMLSandboxConfiguration
    private let store: Mutex<Store>

    /// A server without tasks, with one user, whose keys the configuration names.
    public init(configuration: ClearMLSandboxConfiguration) {
        self.configuration = configuration
        store = Mutex(Store(configuration: configuration))
    }

    /// Answers one request; `request.url` is path and query (`/v2.5/queues.get_all?name=x`), with or without a host.
    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        let now = configuration.now()
        let target = Target(url: request.url)
        if FileServer.serves(target.path) {
            return store.withLock { FileServer.respond(to: request, at: target.path, in: &$0) }
        }
        var envelope = Envelope(request: request, target: target, makeID: configuration.makeID)
        if request.headers["Content-Encoding"] != nil {
            return HTTPResponse(
                status: 415, headers: ["Content-Type": "text/plain"],
                body: Array("compressed requests are not supported".utf8))
        }
        do throws(APIError) {
            guard let (endpoint, version) = Endpoints.find(target.action, asked: target.version) else {
                throw .unknownEndpoint(target.action, target.version)
            }
            envelope.actualVersion = version
            let body = try RequestBody(request, target: target)
            let data: JSONValue = try store.withLock { store throws(APIError) in
                let caller = try store.caller(of: request, anonymous: !endpoint.authorize, now: now)
                return try endpoint.run(
                    &store,
                    Call(
                        action: target.action, version: target.version, body: body, worker: request.clearml("Worker"),
                        caller: caller, now: now,
                        makeID: configuration.makeID))
            }
            return envelope.success(data, cookie: target.action == "auth.login" ? data["token"]?.string : nil)
        } catch {
            return envelope.failure(error)
        }
    }
}

/// What a sandbox is made from: its user's keys, and the sources of time and identity.
public struct ClearMLSandboxConfiguration: Sendable {
    /// The user's access key.
    public var accessKey: String
    /// The user's secret key.
    public var secretKey: Secret<String>
    /// The user's id, as `tasks[].user` has it.
    public var userID: String
    /// The user's name, as in "Stopped by …".
    public var userName: String
    /// The company's id.
    public var companyID: String
    /// The names of queues that are there from the start; the first is the default queue.
    public var queues: [String]
    /// Wall time.
    public var now: @Sendable () -> Timestamp
    /// A new identity: 32 hexadecimal digits, unlike all before.
    public var makeID: @Sendable () -> String
    /// The memory events may take, over all tasks; beyond it the oldest of the longest task go.
    public var eventBytesLimit: Int
    /// The memory uploaded files may take; beyond it an upload is refused with 507.
    public var fileBytesLimit: Int

    /// A configuration with the machine's clock and random identities unless others are given.
    public init(
        accessKey: String, secretKey: Secret<String>, userID: String = "__sandbox__", userName: String = "sandbox",
        companyID: String = "d1bd92a3b039400cbafc60a7a5b1e52b", queues: [String] = ["default"],
        now: @escaping @Sendable () -> Timestamp = Timestamp.now,
        makeID: @escaping @Sendable () -> String = { randomHex(bytes: 16) }, eventBytesLimit: Int = 256 << 20,
        fileBytesLimit: Int = 256 << 20
    ) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.userID = userID
        self.userName = userName
        self.companyID = companyID
        self.queues = queues
        self.now = now
        self.makeID = makeID
        self.eventBytesLimit = eventBytesLimit
        self.fileBytesLimit = fileBytesLimit
    }
}

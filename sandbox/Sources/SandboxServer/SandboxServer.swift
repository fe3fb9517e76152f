internal import HTTP
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// An HTTP/1.1 server, plain or over TLS: keep-alive, bounded request bodies, whole or streamed responses.
public enum SandboxServer {
    typealias ChildChannel = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    /// The largest request body that is read; a larger one gets 413.
    public static let bodyLimit = 64 << 20

    /// Listens on `host:port` (0 = any free port) and answers with `respond` until `stop()`.
    public static func start(
        host: String = "127.0.0.1", port: Int = 0, tls: ServerIdentity? = nil, respond: @escaping Responder
    ) async throws(ServerError) -> RunningServer {
        let context = try tls.map(tlsContext)
        let listener: NIOAsyncChannel<ChildChannel, Never>
        do {
            listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .serverChannelOption(.backlog, value: 256)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(host: host, port: port) { child in
                    child.eventLoop.makeCompletedFuture { try prepare(child, context) }
                }
        } catch {
            throw .cannotListen(host: host, port: port, reason: "\(error)")
        }
        return RunningServer(listener: listener, port: listener.channel.localAddress?.port ?? port, respond: respond)
    }

    private static func prepare(_ child: any Channel, _ context: NIOSSLContext?) throws -> ChildChannel {
        let pipeline = child.pipeline.syncOperations
        if let context { try pipeline.addHandler(NIOSSLServerHandler(context: context)) }
        // Without pipelining assistance: a connection's loop reads the next request only after it has replied.
        try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: true)
        return try ChildChannel(wrappingChannelSynchronously: child)
    }

    private static func tlsContext(_ identity: ServerIdentity) throws(ServerError) -> NIOSSLContext {
        do {
            let chain = try NIOSSLCertificate.fromPEMBytes(identity.certificatePEM)
            let key = try NIOSSLPrivateKey(bytes: identity.keyPEM.reveal(), format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .badIdentity(reason: "\(error)")
        }
    }
}

/// A server that listens.
public final class RunningServer: Sendable {
    /// The port it listens on.
    public let port: Int
    private let listener: any Channel
    private let accepting: Task<Void, Never>

    init(
        listener: NIOAsyncChannel<SandboxServer.ChildChannel, Never>, port: Int, respond: @escaping Responder
    ) {
        self.port = port
        self.listener = listener.channel
        // The server's one unstructured task: it outlives `start` and ends in `stop`.
        accepting = Task { await Self.accept(listener, respond) }
    }

    /// Stops listening, closes every connection, and returns when their tasks have ended.
    public func stop() async {
        // Closing first lets the accept loop take what was accepted already; a channel dropped there unclosed would trap.
        try? await listener.close().get()
        accepting.cancel()
        await accepting.value
    }

    private static func accept(
        _ listener: NIOAsyncChannel<SandboxServer.ChildChannel, Never>, _ respond: @escaping Responder
    ) async {
        await withDiscardingTaskGroup { connections in
            // The only failure is the listener's end, which is `stop`.
            try? await listener.executeThenClose { inbound in
                for try await child in inbound {
                    connections.addTask { await Connection(channel: child, respond: respond).serve() }
                }
            }
            connections.cancelAll()
        }
    }
}

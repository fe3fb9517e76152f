import HTTP
import JSON
import Logging
import Synchronization

@testable import KubeClient

/// An API server for one watcher: lists and watches as they come, then one watch that says nothing for ever.
final class WatchScript: HTTPTransport {
    enum Step: Sendable {
        case list(version: String, [JSONValue], continueToken: String = "")
        case listFails(HTTPResponse)
        case watch([JSONValue])
        case watchFails(HTTPResponse)
        case watchBreaks([JSONValue], HTTPError)
    }

    private let state: Mutex<(steps: [Step], urls: [String], faults: [String])>

    init(_ steps: [Step]) { state = Mutex((steps, [], [])) }

    var urls: [String] { state.withLock { $0.urls } }
    /// Requests that met a step of the other sort.
    var faults: [String] { state.withLock { $0.faults } }

    static func event(_ type: String, _ object: JSONValue) -> JSONValue { ["type": .string(type), "object": object] }
    static func pod(_ name: String, _ version: String) -> JSONValue {
        [
            "metadata": [
                "name": .string(name), "namespace": "n", "uid": .string("u-" + name),
                "resourceVersion": .string(version),
                "managedFields": [1],
            ]
        ]
    }

    private func take(_ request: HTTPRequest) -> Step? {
        state.withLock { state in
            state.urls.append(String(request.url.drop { $0 != "?" }.dropFirst()))
            return state.steps.isEmpty ? nil : state.steps.removeFirst()
        }
    }

    private func fault(_ request: HTTPRequest) -> HTTPError {
        state.withLock { $0.faults.append(request.url) }
        return HTTPError(.invalidURL, mayHaveActed: false, "off the script")
    }

    func send(_ request: HTTPRequest, bodyLimit: Int) async throws(HTTPError) -> HTTPResponse {
        switch take(request) {
        case .list(let version, let items, let token):
            return .json([
                "metadata": ["resourceVersion": .string(version), "continue": .string(token)], "items": .array(items),
            ])
        case .listFails(let response): return response
        default: throw fault(request)
        }
    }

    func stream(_ request: HTTPRequest) async throws(HTTPError) -> HTTPStream {
        let (chunks, continuation) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
        func tell(_ events: [JSONValue]) {
            for event in events { continuation.yield(event.bytes + [UInt8(ascii: "\n")]) }
        }
        var status = 200
        switch take(request) {
        case .watch(let events):
            tell(events)
            continuation.finish()
        case .watchBreaks(let events, let error):
            tell(events)
            continuation.finish(throwing: error)
        case .watchFails(let response):
            status = response.status
            continuation.yield(response.body)
            continuation.finish()
        case nil: break  // silence: the stream ends when its reader is cancelled
        default: throw fault(request)
        }
        return HTTPStream(status: status, headers: [:], chunks: chunks)
    }

    func client(_ time: FakeTime = FakeTime()) -> KubernetesClient {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return KubernetesClient(
            configuration: ClusterConfiguration(server: "https://api"), transport: self, watchTransport: self,
            logger: logger, pacing: time.pacing)
    }
}

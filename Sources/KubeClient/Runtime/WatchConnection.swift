import HTTP
import JSON

/// What a watch says.
public enum WatchEvent<Object: Sendable>: Sendable {
    /// An object is there that was not.
    case added(Object)
    /// An object has another state.
    case modified(Object)
    /// An object is gone; this is its last state.
    case deleted(Object)
    /// Nothing happened up to this version.
    case bookmark(resourceVersion: String)
    /// The watch cannot go on: mostly 410, the version is too old.
    case error(Status)
}

/// One open watch. Dropping it closes the connection.
public struct WatchConnection<Object: KubernetesObject> {
    let operation: ResourceOperation
    private var chunks: AsyncThrowingStream<[UInt8], any Error>.Iterator
    private var splitter = LineSplitter()
    private var lines: ArraySlice<[UInt8]> = []

    init(_ stream: HTTPStream, operation: ResourceOperation) {
        self.operation = operation
        chunks = stream.chunks.makeAsyncIterator()
    }

    /// The next event; `nil` when the server has ended the watch in good order.
    public mutating func next() async throws(KubernetesError) -> WatchEvent<Object>? {
        while lines.isEmpty {
            guard let chunk = try await chunk() else {
                if splitter.isInsideLine {
                    throw .transport(
                        HTTPError(.protocolViolation, mayHaveActed: false, "the watch ended inside an event"), operation
                    )
                }
                return nil
            }
            do { lines = try splitter.lines(adding: chunk)[...] } catch {
                throw .decoding("an event is longer than \(splitter.limit) bytes", operation)
            }
        }
        return try event(lines.removeFirst())
    }

    private mutating func chunk() async throws(KubernetesError) -> [UInt8]? {
        do { return try await chunks.next() } catch let error as HTTPError {
            throw .transport(error, operation)
        } catch {
            throw .transport(HTTPError(.cancelled, mayHaveActed: false, "\(error)"), operation)
        }
    }

    private func event(_ line: [UInt8]) throws(KubernetesError) -> WatchEvent<Object> {
        let raw: JSONValue
        do throws(JSONError) { raw = try JSONValue(parsing: line) } catch {
            throw .decoding("an event of \(line.count) bytes: \(error)", operation)
        }
        let object = raw["object"] ?? .null
        switch raw["type"]?.string {
        case "ADDED": return .added(Object(raw: object))
        case "MODIFIED": return .modified(Object(raw: object))
        case "DELETED": return .deleted(Object(raw: object))
        case "BOOKMARK":
            guard let version = object.at("metadata", "resourceVersion")?.string, !version.isEmpty else {
                throw .decoding("a bookmark without a version", operation)
            }
            return .bookmark(resourceVersion: version)
        case "ERROR":
            return .error(Status(raw: object) ?? Status(code: 500, reason: "", message: object.text()))
        case let other: throw .decoding("an event of the unknown type `\(other ?? "none")`", operation)
        }
    }
}

extension KubernetesClient {
    /// Opens one watch. It ends after `options.timeout`, by the server; silence for 5 s more is a broken connection.
    ///
    /// Not tried again and not resumed: that is `Watcher`.
    public func watch<T: KubernetesObject>(
        _: T.Type, namespace: String? = nil, _ options: WatchOptions
    ) async throws(KubernetesError) -> WatchConnection<T> {
        let request = try ResourceRequest.watch(T.resource, namespace: namespace, options: options)
        let timeouts = HTTPTimeouts(idle: options.timeout + .seconds(5), total: nil)
        let http = try signed(request, timeouts: timeouts)
        let stream: HTTPStream
        do throws(HTTPError) { stream = try await watchTransport.stream(http) } catch {
            throw .transport(error, request.operation)
        }
        if stream.status == 200 { return WatchConnection(stream, operation: request.operation) }
        var body: [UInt8] = []
        do {
            for try await chunk in stream.chunks {
                body += chunk
                if body.count > 1 << 20 { break }
            }
        } catch {
            // The refusal stands even if its text did not arrive whole.
        }
        throw .status(
            Status(HTTPResponse(status: stream.status, headers: stream.headers, body: body)), request.operation)
    }
}

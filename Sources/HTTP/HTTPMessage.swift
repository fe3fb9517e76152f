/// What to ask a server: one HTTP request as a value.
public struct HTTPRequest: Sendable {
    /// The request methods in use.
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
        case head = "HEAD"
    }

    /// The method.
    public var method: Method
    /// Absolute: scheme, host, path, query; already percent-encoded.
    public var url: String
    /// Header fields. Values may be secret: they are never printed.
    public var headers: HTTPHeaders
    /// The body, whole; `nil` sends none.
    public var body: [UInt8]?
    /// The deadlines of this one exchange.
    public var timeouts: HTTPTimeouts

    /// A request with the given parts.
    public init(
        _ method: Method, _ url: String, headers: HTTPHeaders = [:], body: [UInt8]? = nil,
        timeouts: HTTPTimeouts = .init()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeouts = timeouts
    }
}

/// The deadlines of one exchange. Every one is finite: no wait is for ever.
public struct HTTPTimeouts: Sendable, Equatable {
    /// Until the connection stands, TLS included.
    public var connect: Duration
    /// The longest silence on the wire, once connected.
    public var idle: Duration
    /// The whole exchange, body included; `nil` only for streams, which `idle` guards.
    public var total: Duration?

    /// Defaults: 10 s to connect, 30 s of silence, 60 s in all.
    public init(connect: Duration = .seconds(10), idle: Duration = .seconds(30), total: Duration? = .seconds(60)) {
        self.connect = connect
        self.idle = idle
        self.total = total
    }
}

/// Header fields: names without regard to case, order kept, several of one name allowed.
public struct HTTPHeaders: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// Name and value as they were given.
    public private(set) var fields: [(name: String, value: String)] = []

    /// No fields.
    public init() {}

    /// The given fields, in order.
    public init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { (name: $0.0, value: $0.1) }
    }

    /// The first value of `name`. Setting replaces all of that name; setting `nil` removes them.
    public subscript(name: String) -> String? {
        get { fields.first { Self.same($0.name, name) }?.value }
        set {
            fields.removeAll { Self.same($0.name, name) }
            if let newValue { fields.append((name, newValue)) }
        }
    }

    /// All values of `name`, in order.
    public func all(_ name: String) -> [String] { fields.filter { Self.same($0.name, name) }.map(\.value) }

    /// Adds a field beside those of the same name.
    public mutating func add(_ name: String, _ value: String) { fields.append((name, value)) }

    private static func same(_ left: String, _ right: String) -> Bool { left.lowercased() == right.lowercased() }

    /// Equal when the same fields stand in the same order.
    public static func == (left: HTTPHeaders, right: HTTPHeaders) -> Bool {
        left.fields.count == right.fields.count
            && zip(left.fields, right.fields).allSatisfy { same($0.name, $1.name) && $0.value == $1.value }
    }
}

/// A response read whole.
public struct HTTPResponse: Sendable {
    /// The status code.
    public var status: Int
    /// Its header fields.
    public var headers: HTTPHeaders
    /// Its body, decompressed.
    public var body: [UInt8]

    /// A response with the given parts.
    public init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// The head of a response whose body arrives in chunks.
public struct HTTPStream: Sendable {
    /// The status code.
    public var status: Int
    /// Its header fields.
    public var headers: HTTPHeaders
    /// The body as it arrives. Ending the iteration (or cancelling its task) closes the exchange;
    /// a slow reader slows the sender, nothing piles up. Throws `HTTPError`.
    public var chunks: AsyncThrowingStream<[UInt8], any Error>

    /// A stream with the given parts.
    public init(status: Int, headers: HTTPHeaders, chunks: AsyncThrowingStream<[UInt8], any Error>) {
        self.status = status
        self.headers = headers
        self.chunks = chunks
    }
}

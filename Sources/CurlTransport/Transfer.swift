import CCurl
import Glibc
import HTTP

/// One exchange in libcurl's hands. Belongs to the curl thread; lives as long as its easy handle.
final class Transfer {
    let exchange: Exchange
    let easy: UnsafeMutableRawPointer

    /// Header fields of a response may take this much, in all.
    private static let headLimit = 1 << 20

    private let errorText: UnsafeMutablePointer<CChar>
    private var lists: [UnsafeMutablePointer<curl_slist>] = []

    private var head = ResponseHead()
    private var body: [UInt8] = []
    private var uploaded = 0
    private var isPaused = false
    private var lastActivity = ContinuousClock.now
    /// What a callback refused, and why: libcurl itself only says that one did.
    private var refusal: HTTPError?

    init(_ exchange: Exchange) throws(HTTPError) {
        guard let easy = curl_easy_init() else {
            throw exchange.error(.connect, mayHaveActed: false, "libcurl has no handle to give (out of memory?)")
        }
        self.exchange = exchange
        self.easy = easy
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try configure()
    }

    deinit {
        curl_easy_cleanup(easy)
        for list in lists { curl_slist_free_all(list) }
        errorText.deallocate()
    }

    // MARK: - For the loop

    /// The whole body is there.
    func succeed() {
        switch exchange.delivery {
        case .whole: exchange.open(head.response(body: body))
        case .certificates: exchange.open(HTTPResponse(status: 0, body: shownCertificates()))
        case .stream: break
        }
    }

    /// The reader has room again.
    func resume() {
        guard isPaused else { return }
        isPaused = false
        lastActivity = .now
        glue_curl_unpause(easy)
    }

    /// When the silence will have lasted too long, if it lasts.
    var idleDeadline: ContinuousClock.Instant { lastActivity + exchange.request.timeouts.idle }

    /// Whether it has. A connection not yet made has a limit of its own, and a full reader is not the server's silence.
    func isIdle(at now: ContinuousClock.Instant) -> Bool {
        if isPaused || glue_curl_get_size(easy, CURLINFO_PRETRANSFER_TIME_T) == 0 { lastActivity = now }
        return now >= idleDeadline
    }

    /// An error of this exchange that says whether any of the request has left.
    func error(_ kind: HTTPError.Kind, _ why: String) -> HTTPError {
        // Counted over libcurl's own repetitions too, and 0 as long as no byte of a request went out.
        exchange.error(kind, mayHaveActed: glue_curl_get_long(easy, CURLINFO_REQUEST_SIZE) > 0, why)
    }

    /// What libcurl's `code` means.
    func failure(_ code: CURLcode) -> HTTPError {
        if let refusal { return refusal }
        let isConnected = glue_curl_get_size(easy, CURLINFO_PRETRANSFER_TIME_T) > 0
        let detail = String(cString: errorText)
        return error(
            HTTPError.Kind(code, isConnected: isConnected),
            detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail)
    }

    /// The PEM among what libcurl noted about each certificate.
    private func shownCertificates() -> [UInt8] {
        guard let certificates = glue_curl_get_certificates(easy)?.pointee else { return [] }
        var pem: [UInt8] = []
        for place in 0..<Int(certificates.num_of_certs) {
            var entry = certificates.certinfo[place]
            while let line = entry {
                let text = String(cString: line.pointee.data)
                if text.hasPrefix("Cert:") { pem += text.dropFirst("Cert:".count).utf8 + [0x0a] }
                entry = line.pointee.next
            }
        }
        return pem
    }

    // MARK: - Setting up

    private func configure() throws(HTTPError) {
        let request = exchange.request
        let tls = exchange.settings.tls
        guard let parts = URLParts(request.url) else {
            throw exchange.error(.invalidURL, mayHaveActed: false, "expected `http://host/…` or `https://host/…`")
        }
        set(CURLOPT_NOSIGNAL, 1)
        // A name lookup that hangs must not hold up the thread when its exchange is cancelled.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        // A burst waits for the first handshake and shares its connection, instead of making one handshake each.
        set(CURLOPT_PIPEWAIT, 1)
        set(CURLOPT_ACCEPT_ENCODING, "gzip")
        set(CURLOPT_TCP_KEEPALIVE, 1)
        glue_curl_set_close_on_exec(easy)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_USERAGENT, exchange.settings.userAgent)
        if let proxy = exchange.settings.proxy { set(CURLOPT_PROXY, proxy) }
        glue_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)

        // 0 would mean libcurl's default, which is five minutes or none.
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(clamping: max(1, request.timeouts.connect.milliseconds)))
        if let total = request.timeouts.total { set(CURLOPT_TIMEOUT_MS, Int(clamping: max(1, total.milliseconds))) }

        if let name = tls.serverName, parts.scheme == "https" {
            // The URL names whom to verify, `CONNECT_TO` where to go, `Host` stays as it was.
            set(CURLOPT_URL, parts.url(withHost: name))
            setList(CURLOPT_CONNECT_TO, ["::\(parts.host):"])
        } else {
            set(CURLOPT_URL, request.url)
        }
        try configure(tls)
        try configureHeaders(request, parts)
        configureBody(request)
        if case .certificates = exchange.delivery {
            set(CURLOPT_CONNECT_ONLY, 1)
            set(CURLOPT_CERTINFO, 1)
            set(CURLOPT_FRESH_CONNECT, 1)
            set(CURLOPT_SSL_VERIFYPEER, 0)
            set(CURLOPT_SSL_VERIFYHOST, 0)
        }

        let context = Unmanaged.passUnretained(self).toOpaque()
        glue_curl_set_pointer(easy, CURLOPT_HEADERDATA, context)
        glue_curl_set_pointer(easy, CURLOPT_WRITEDATA, context)
        glue_curl_set_pointer(easy, CURLOPT_READDATA, context)
        glue_curl_set_callback(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            Transfer.of(context)?.receiveHeader(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
        glue_curl_set_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            Transfer.of(context)?.receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
        }
        glue_curl_set_callback(easy, CURLOPT_READFUNCTION) { bytes, size, count, context in
            Transfer.of(context)?.upload(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
                ?? Int(CURL_READFUNC_ABORT)
        }
    }

    private func configure(_ tls: TLSOptions) throws(HTTPError) {
        switch tls.trust {
        case .system: break
        case .pem(let roots):
            // The library's built-in folder of roots would be trusted beside the blob.
            glue_curl_set_string(easy, CURLOPT_CAPATH, nil)
            glue_curl_set_string(easy, CURLOPT_CAINFO, nil)
            setBlob(CURLOPT_CAINFO_BLOB, roots)
        case .insecureAnyCertificate:
            set(CURLOPT_SSL_VERIFYPEER, 0)
            set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let certificate = tls.clientCertificate { setBlob(CURLOPT_SSLCERT_BLOB, certificate) }
        if let key = tls.clientKey { setBlob(CURLOPT_SSLKEY_BLOB, key.reveal()) }
    }

    private func configureHeaders(_ request: HTTPRequest, _ parts: URLParts) throws(HTTPError) {
        var headers = request.headers
        if exchange.settings.tls.serverName != nil, headers["Host"] == nil { headers["Host"] = parts.authority }
        var lines: [String] = []
        for field in headers.fields {
            let bytes = Array(field.name.utf8) + Array(field.value.utf8)
            if field.name.isEmpty || bytes.contains(where: { $0 == 0 || $0 == 0x0a || $0 == 0x0d }) {
                throw exchange.error(
                    .protocolViolation, mayHaveActed: false,
                    "the header `\(field.name.filter { !$0.isNewline })` has a line break or no name")
            }
            // To libcurl, `Name:` means to leave the field out.
            lines.append(field.value.isEmpty ? field.name + ";" : field.name + ": " + field.value)
        }
        // Asking first whether a body is welcome costs a round trip, and servers that do not know the question a second.
        lines.append("Expect:")
        setList(CURLOPT_HTTPHEADER, lines)
    }

    private func configureBody(_ request: HTTPRequest) {
        switch (request.method, request.body) {
        case (.get, nil): set(CURLOPT_HTTPGET, 1)
        case (.head, _): set(CURLOPT_NOBODY, 1)
        case (.delete, nil): set(CURLOPT_HTTPGET, 1)
        case (_, let body):
            set(CURLOPT_UPLOAD, 1)
            glue_curl_set_size(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(body?.count ?? 0))
        }
        if request.method != .head { set(CURLOPT_CUSTOMREQUEST, request.method.rawValue) }
        // When a kept-alive connection closes without an answer, libcurl sends the request once more on a new one:
        // a server that did act would act twice. It cannot for a body it cannot rewind (we give it no way to), so only
        // a change without a body needs a connection that has no past.
        let isReading = request.method == .get || request.method == .head
        if !isReading, request.body?.isEmpty ?? true { set(CURLOPT_FRESH_CONNECT, 1) }
    }

    private func set(_ option: CURLoption, _ value: Int) { glue_curl_set_long(easy, option, value) }
    private func set(_ option: CURLoption, _ value: String) { glue_curl_set_string(easy, option, value) }

    private func setBlob(_ option: CURLoption, _ bytes: [UInt8]) {
        bytes.withUnsafeBytes { _ = glue_curl_set_blob(easy, option, $0.baseAddress, $0.count) }
    }

    private func setList(_ option: CURLoption, _ lines: [String]) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines { list = curl_slist_append(list, line) ?? list }
        guard let list else { return }
        lists.append(list)
        glue_curl_set_pointer(easy, option, list)
    }

    // MARK: - Callbacks

    private static func of(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func receiveHeader(_ line: UnsafeRawBufferPointer) -> Int {
        lastActivity = .now
        guard head.add(line: line, limit: Self.headLimit) else {
            refusal = error(.tooLarge, "the response's header fields exceed \(Self.headLimit) bytes")
            return 0
        }
        if head.isComplete, !head.isDelivered, case .stream = exchange.delivery {
            head.isDelivered = true
            exchange.open(head.response(body: []))
        }
        return line.count
    }

    private func receiveBody(_ piece: UnsafeRawBufferPointer) -> Int {
        lastActivity = .now
        switch exchange.delivery {
        case .whole(let limit):
            guard body.count + piece.count <= limit else {
                refusal = error(.tooLarge, "the body is larger than \(limit) bytes")
                return 0
            }
            body += piece
        case .certificates: break
        case .stream:
            guard piece.isEmpty || exchange.offer(piece) else {
                isPaused = true
                return Int(CURL_WRITEFUNC_PAUSE)
            }
        }
        return piece.count
    }

    private func upload(_ room: UnsafeMutableRawBufferPointer) -> Int {
        lastActivity = .now
        guard let body = exchange.request.body else { return 0 }
        let count = min(room.count, body.count - uploaded)
        room.copyBytes(from: body[uploaded..<uploaded + count])
        uploaded += count
        return count
    }
}

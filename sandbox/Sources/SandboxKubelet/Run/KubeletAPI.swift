internal import HTTP
internal import JSON

/// The API as the kubelet uses it: JSON in, JSON out, over any transport.
struct KubeletAPI: Sendable {
    let transport: any HTTPTransport
    /// `https://host:port`, or nothing for a transport that needs no host.
    let base: String
    let token: Secret<String>

    private func request(_ method: HTTPRequest.Method, _ path: String, _ body: JSONValue?, _ type: String)
        -> HTTPRequest
    {
        var headers: HTTPHeaders = [
            "Accept": "application/json", "Authorization": "Bearer \(token.reveal())", "User-Agent": "kubelet",
        ]
        if body != nil { headers["Content-Type"] = type }
        return HTTPRequest(method, base + path, headers: headers, body: body?.bytes)
    }

    /// One exchange; its object, or the refusal.
    @discardableResult
    func call(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil, type: String = "application/json"
    ) async throws(KubeletError) -> JSONValue {
        let response: HTTPResponse
        do {
            response = try await transport.send(request(method, path, body, type))
        } catch {
            throw .unreachable(error.message)
        }
        guard let value = try? JSONValue(parsing: response.body) else {
            throw .unreachable("\(method.rawValue) \(path): \(response.status) without JSON")
        }
        guard response.status < 400 else {
            throw .refused(
                status: response.status, reason: value["reason"]?.string ?? "", message: value["message"]?.string ?? "")
        }
        return value
    }

    /// The object at `path`, or `nil` where there is none.
    func get(_ path: String) async throws(KubeletError) -> JSONValue? {
        do {
            return try await call(.get, path)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    /// Follows `path` until the stream ends; `body` sees each event in turn.
    func watch(_ path: String, _ body: (JSONValue) async -> Void) async throws(KubeletError) {
        var ask = request(.get, path, nil, "")
        ask.timeouts.total = nil
        ask.timeouts.idle = .seconds(600)
        do {
            let stream = try await transport.stream(ask)
            guard stream.status == 200 else {
                throw KubeletError.refused(status: stream.status, reason: "", message: "watch")
            }
            var line: [UInt8] = []
            for try await chunk in stream.chunks {
                for byte in chunk {
                    if byte != UInt8(ascii: "\n") {
                        line.append(byte)
                    } else if !line.isEmpty {
                        await body(try JSONValue(parsing: line))
                        line.removeAll(keepingCapacity: true)
                    }
                }
            }
        } catch let error as KubeletError {
            throw error
        } catch {
            throw .unreachable("\(error)")
        }
    }

    /// The path of a pod.
    static func path(of pod: JSONValue) -> String { "/api/v1/namespaces/\(pod.podNamespace)/pods/\(pod.podName)" }

    /// Writes a pod's status, made from the newest version of it, so that what others wrote stays.
    /// A pod that is gone, or another of the same name, is left alone.
    func writeStatus(of pod: JSONValue, _ make: (JSONValue) -> JSONValue) async throws(KubeletError) {
        let path = Self.path(of: pod)
        for attempt in 0..<10 {
            guard let current = try await get(path), current.podUID == pod.podUID else { return }
            let status = make(current)
            guard current["status"] != status else { return }
            var changed = current
            changed["status"] = status
            do {
                try await call(.put, path + "/status", changed)
                return
            } catch {
                if error.isNotFound { return }
                guard error.isConflict, attempt < 9 else { throw error }
            }
        }
    }

    /// Removes a pod whose containers have ended.
    func remove(_ pod: JSONValue) async throws(KubeletError) {
        let options: JSONValue = [
            "apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
            "preconditions": ["uid": .string(pod.podUID)],
        ]
        do {
            try await call(.delete, Self.path(of: pod), options)
        } catch {
            if !error.isNotFound, !error.isConflict { throw error }
        }
    }
}

import HTTP
import JSON
import Logging

/// How a request becomes an answer: credentials, tries, waits.
extension KubernetesClient {
    struct Answer {
        let raw: JSONValue
        let warnings: [String]
    }

    /// Performs `request` and reads its answer as JSON.
    func object(_ request: ResourceRequest) async throws(KubernetesError) -> Answer {
        let response = try await perform(request)
        do throws(JSONError) {
            return Answer(raw: try JSONValue(parsing: response.body), warnings: response.warnings)
        } catch {
            throw .decoding("the answer (\(response.body.count) bytes): \(error)", request.operation)
        }
    }

    /// Performs `request`, again where that is safe, until it succeeds or the policy has had enough.
    func perform(_ request: ResourceRequest) async throws(KubernetesError) -> HTTPResponse {
        let start = pacing.now()
        var failures = 0
        var refusedOnce = false
        while true {
            let failure: KubernetesError
            do throws(KubernetesError) {
                let response = try await attempt(request, remaining: policy.deadline - (pacing.now() - start))
                for warning in response.warnings {
                    logger.warning(
                        "the API server warns",
                        metadata: ["kube.operation": "\(request.operation)", "kube.warning": "\(warning)"])
                }
                return response
            } catch {
                failure = error
            }
            failures += 1
            // A token may have been replaced between reading its file and the server's look at it: once more, at once.
            if failure.isUnauthorized, case .tokenFile = configuration.credentials, !refusedOnce {
                refusedOnce = true
                continue
            }
            guard
                let wait = policy.delay(
                    after: failure, failures: failures, elapsed: pacing.now() - start, jitter: pacing.jitter())
            else { throw failure }
            logger.debug(
                "a call is tried again",
                metadata: ["kube.operation": "\(request.operation)", "kube.wait": "\(wait)", "error": "\(failure)"])
            do { try await pacing.sleep(wait) } catch { throw failure }
        }
    }

    private func attempt(
        _ request: ResourceRequest, remaining: Duration
    ) async throws(KubernetesError) -> HTTPResponse {
        let total = max(remaining, .milliseconds(1))
        let timeouts = HTTPTimeouts(connect: min(.seconds(10), total), idle: min(.seconds(30), total), total: total)
        let http = try signed(request, timeouts: timeouts)
        let response: HTTPResponse
        do throws(HTTPError) { response = try await transport.send(http) } catch {
            throw .transport(error, request.operation)
        }
        if (200..<300).contains(response.status) { return response }
        throw .status(Status(response), request.operation)
    }

    /// The HTTP request with its credentials.
    func signed(_ request: ResourceRequest, timeouts: HTTPTimeouts) throws(KubernetesError) -> HTTPRequest {
        var headers = HTTPHeaders()
        if let authorization = try configuration.authorization(request.operation) {
            headers["Authorization"] = authorization
        }
        return request.http(server: configuration.server, headers: headers, timeouts: timeouts)
    }
}

extension Status {
    /// The server's Status, or one made of a response that carries none (a proxy's, a load balancer's).
    init(_ response: HTTPResponse) {
        let header = response.headers["Retry-After"].flatMap { Int64($0.trimmed) }.map { Duration.seconds($0) }
        if let raw = try? JSONValue(parsing: response.body), let status = Status(raw: raw, code: response.status) {
            self.init(
                code: response.status, reason: status.reason, message: status.message, causes: status.causes,
                retryAfter: header ?? status.retryAfter, uid: status.uid)
            return
        }
        // Whatever it is, its beginning may tell whose it is.
        let text = String(decoding: response.body.prefix(300), as: UTF8.self)
        self.init(
            code: response.status, reason: "", message: text.split(whereSeparator: \.isNewline).joined(separator: " "),
            retryAfter: header)
    }
}

extension HTTPResponse {
    /// The texts of the `Warning: 299 - "…"` headers (KEP-1693).
    var warnings: [String] {
        headers.all("Warning").map { value in
            guard let open = value.firstIndex(of: "\"") else { return value }
            var text = ""
            var isEscaped = false
            for character in value[value.index(after: open)...] {
                if isEscaped {
                    text.append(character)
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    break
                } else {
                    text.append(character)
                }
            }
            return text
        }
    }
}

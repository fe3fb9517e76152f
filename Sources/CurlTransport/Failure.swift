import CCurl
import HTTP

extension HTTPError.Kind {
    /// The stage that libcurl's `code` speaks of. A deadline that passed before the connection stood counts as `connect`.
    init(_ code: CURLcode, isConnected: Bool) {
        switch code {
        case CURLE_URL_MALFORMAT: self = .invalidURL
        // After the request it means that the answer is not HTTP.
        case CURLE_UNSUPPORTED_PROTOCOL: self = isConnected ? .protocolViolation : .invalidURL
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .nameResolution
        case CURLE_COULDNT_CONNECT, CURLE_PROXY: self = .connect
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ENGINE_INITFAILED,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT, CURLE_USE_SSL_FAILED:
            self = .tls
        case CURLE_OPERATION_TIMEDOUT: self = isConnected ? .timeout : .connect
        default: self = .protocolViolation
        }
    }
}

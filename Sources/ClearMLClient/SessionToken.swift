import HTTP
import JSON

/// A session's token, and what its payload says. The signature is the server's business: it is not checked here.
struct SessionToken: Sendable {
    /// The token itself.
    let text: Secret<String>
    /// The server it comes from, if the payload says so.
    let version: ServerVersion?
    /// How long it is good for, by the server's own reckoning (`exp` − `iat`), so that no two clocks are compared.
    let life: Duration?

    init(_ text: String) {
        self.text = Secret(text)
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let payload = parts.count == 3 ? Base64.decodeURL(parts[1]).flatMap { try? JSONValue(parsing: $0) } : nil
        version = payload?["api_version"]?.string.flatMap(APIVersion.init).map {
            ServerVersion(api: $0, server: payload?["server_version"]?.string ?? "")
        }
        if let issued = payload?["iat"]?.double, let expires = payload?["exp"]?.double, expires > issued {
            life = .seconds(expires - issued)
        } else {
            life = nil
        }
    }
}

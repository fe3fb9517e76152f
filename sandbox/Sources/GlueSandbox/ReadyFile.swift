import HTTP
import JSON
import OS

/// What a client needs to know once the sandbox listens: `ready.json` and the files it names.
struct ReadyFile: Sendable {
    let stateFolder: String
    let identity: Identity
    let clearmlURL: String
    let kubeURL: String?
    let pid: Int32
    let restricted: [RestrictedToken]

    /// Writes everything; `ready.json` last, so that who sees it sees the rest. Files with secrets are for their owner alone.
    func write() throws(OSError) {
        try Files.write(identity.authorityPEM, to: stateFolder + "/ca.pem")
        if let kubeURL {
            for (name, token) in [("kubeconfig", identity.token)] + restricted.map({ ($0.fileName, $0.token) }) {
                let text = kubeconfig(kubeURL, token).text(pretty: true) + "\n"
                try Files.write(Array(text.utf8), to: stateFolder + "/" + name, mode: 0o600)
            }
        }
        try Files.write(Array((ready.text(pretty: true) + "\n").utf8), to: stateFolder + "/ready.json", mode: 0o600)
    }

    private var ready: JSONValue {
        let secretKey = JSONValue.string(identity.secretKey.reveal())
        let accessKey = JSONValue.string(identity.accessKey)
        let api = JSONValue.string(clearmlURL)
        let files = JSONValue.string(clearmlURL + "/files")
        var result: JSONValue = [
            "pid": .integer(Int64(pid)), "clearmlURL": api, "apiURL": api, "webURL": api, "filesURL": files,
            "accessKey": accessKey, "secretKey": secretKey, "ca": .string(stateFolder + "/ca.pem"),
            "environment": [
                "CLEARML_API_HOST": api, "CLEARML_WEB_HOST": api, "CLEARML_FILES_HOST": files,
                "CLEARML_API_ACCESS_KEY": accessKey, "CLEARML_API_SECRET_KEY": secretKey,
            ],
        ]
        if let kubeURL {
            result["kubeURL"] = .string(kubeURL)
            result["kubeconfig"] = .string(stateFolder + "/kubeconfig")
            result["token"] = .string(identity.token.reveal())
            result["viewerToken"] = .string(identity.viewerToken.reveal())
        }
        return result
    }

    private func kubeconfig(_ server: String, _ token: Secret<String>) -> JSONValue {
        // JSON is YAML: kubectl and glue read it as such.
        [
            "apiVersion": "v1", "kind": "Config", "current-context": "sandbox",
            "clusters": [
                [
                    "name": "sandbox",
                    "cluster": ["server": .string(server), "certificate-authority": .string(stateFolder + "/ca.pem")],
                ]
            ],
            "users": [["name": "sandbox", "user": ["token": .string(token.reveal())]]],
            "contexts": [
                ["name": "sandbox", "context": ["cluster": "sandbox", "user": "sandbox", "namespace": "default"]]
            ],
        ]
    }
}

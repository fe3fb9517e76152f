import ClearMLClient
import HTTP
import JSON
import OS

/// The `clearml.conf` that the SDK of the child reads.
enum SDKConfiguration {
    /// Its text: what the image or the template had for the SDK (storage keys and the like), then our `api` section;
    /// in this format what comes later wins, field by field.
    static func text(configuration: ExecutorConfiguration, existing: String?) -> Secret<String> {
        let environment = configuration.environment
        let api = configuration.clearML.apiHost
        let section: JSONValue = [
            "api_server": .string(api),
            "web_server": .string(
                environment["CLEARML_WEB_HOST"].nonEmpty ?? derived(api, port: ":8080", prefix: "app.")),
            "files_server": .string(
                environment["CLEARML_FILES_HOST"].nonEmpty ?? derived(api, port: ":8081", prefix: "files.")),
            "credentials": [
                "access_key": .string(configuration.clearML.accessKey.reveal()),
                "secret_key": .string(configuration.clearML.secretKey.reveal()),
            ],
        ]
        let own = "api " + String(decoding: section.bytes, as: UTF8.self) + "\n"
        return Secret(existing.map { $0 + "\n" + own } ?? own)
    }

    /// The configuration that was there before, if any.
    static func existing(environment: [String: String]) -> String? {
        let paths = [
            environment["CLEARML_CONFIG_FILE"], environment["TRAINS_CONFIG_FILE"],
            environment["HOME"].map { $0 + "/clearml.conf" },
        ]
        for case let path? in paths where !path.isEmpty {
            if let bytes = try? Files.read(path, limit: 4 << 20) { return String(decoding: bytes, as: UTF8.self) }
        }
        return nil
    }

    /// The sibling server by the usual rule: port 8008 or the name `api.…`. With neither, the API server's own
    /// address: the SDK's default would be a server on the Internet.
    static func derived(_ api: String, port: String, prefix: String) -> String {
        if api.hasSuffix(":8008") { return api.dropLast(5) + port }
        for scheme in ["https://", "http://"] where api.hasPrefix(scheme + "api.") {
            return scheme + prefix + api.dropFirst(scheme.count + 4)
        }
        return api
    }
}

extension Optional<String> {
    /// The text, unless it is empty.
    var nonEmpty: String? { flatMap { $0.isEmpty ? nil : $0 } }
}

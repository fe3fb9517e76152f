import ClearMLClient
import HTTP
import OS
import Testing

@Suite("Configuration from the environment")
struct ConfigurationTests {
    private let whole = [
        "CLEARML_API_HOST": "https://api.test/base//", "CLEARML_API_ACCESS_KEY": "k",
        "CLEARML_API_SECRET_KEY": "s3cret",
    ]

    @Test("host and keys are read, slashes at the end dropped, and the keys do not print")
    func complete() throws {
        let configuration = try ClearMLConfiguration.load(environment: whole, workerName: "w")
        #expect(configuration.apiHost == "https://api.test/base")
        #expect(configuration.secretKey.reveal() == "s3cret")
        #expect(configuration.tls.trust == .system)
        #expect(!"\(configuration)".contains("s3cret"))
    }

    @Test("everything missing is named at once")
    func missing() {
        let error = #expect(throws: ClearMLConfigurationError.self) {
            try ClearMLConfiguration.load(environment: ["CLEARML_API_HOST": "api.test:8008", "SSL_CERT_FILE": "/no/ca"])
        }
        #expect(
            error?.problems == [
                "CLEARML_API_ACCESS_KEY is not set", "CLEARML_API_SECRET_KEY is not set",
                "CLEARML_API_HOST: `api.test:8008` is no http:// or https:// URL",
                "SSL_CERT_FILE: cannot open `/no/ca`: No such file or directory",
            ])
    }

    @Test(
        "hosts that would leak or mislead are refused",
        arguments: ["https://u:p@api.test", "https://", "ftp://x", "https://a?b=c", "https://a b"])
    func hosts(host: String) throws {
        let problem = try #require(ClearMLConfiguration.problem(ofHost: host))
        #expect(!problem.contains("u:p"))
    }

    @Test("trust: a file of roots, the first that is set; or nobody checked, only when said so")
    func trust() throws {
        let path = "/tmp/clearml-ca-\(randomHex(bytes: 6)).pem"
        try Files.write(Array("PEM".utf8), to: path)
        defer { try? Files.write([], to: path) }
        var environment = whole
        environment["SSL_CERT_FILE"] = "/no/such"
        environment["CLEARML_CA_FILE"] = path
        #expect(try ClearMLConfiguration.load(environment: environment).tls.trust == .pem(Array("PEM".utf8)))
        environment["CLEARML_API_HOST_VERIFY_CERT"] = "0"
        #expect(try ClearMLConfiguration.load(environment: environment).tls.trust == .insecureAnyCertificate)
        environment["CLEARML_API_HOST_VERIFY_CERT"] = "1"
        #expect(try ClearMLConfiguration.load(environment: environment).tls.trust == .pem(Array("PEM".utf8)))
    }
}

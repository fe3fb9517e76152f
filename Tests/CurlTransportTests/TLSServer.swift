import Foundation

/// Certificates made by the `openssl` command, and Python's TLS server showing them on three ports.
final class TLSServer {
    let authority: [UInt8]
    let otherAuthority: [UInt8]
    let clientCertificate: [UInt8]
    let clientKey: [UInt8]
    /// A valid certificate, for `localhost` and `inside.example`.
    let valid: Int
    /// One that expired yesterday.
    let expired: Int
    /// A valid one that wants to see the client's.
    let mutual: Int

    private let folder: URL
    /// The server ends when this closes, as it does when the test run dies.
    private let life = Pipe()

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let make = Process()
        make.executableURL = URL(fileURLWithPath: "/bin/sh")
        make.arguments = ["-e", "-c", Self.certificates]
        make.currentDirectoryURL = folder
        make.standardError = FileHandle.nullDevice
        try make.run()
        make.waitUntilExit()

        let output = Pipe()
        let process = Process()
        process.standardInput = life
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", Self.server]
        process.currentDirectoryURL = folder
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var line: [UInt8] = []
        while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != 0x0a { line.append(byte) }
        let ports = String(decoding: line, as: UTF8.self).split(separator: " ").compactMap { Int($0) }
        guard ports.count == 3 else { throw CocoaError(.featureUnsupported) }
        let folder = folder
        func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appendingPathComponent(name))) }
        authority = try read("ca.pem")
        otherAuthority = try read("other.pem")
        clientCertificate = try read("client.pem")
        clientKey = try read("client.key")
        (valid, expired, mutual) = (ports[0], ports[1], ports[2])
    }

    deinit {
        try? life.fileHandleForWriting.close()
        try? FileManager.default.removeItem(at: folder)
    }

    private static let certificates = """
        key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $1.key; }
        for name in ca other; do
          key $name; openssl req -x509 -key $name.key -subj /CN=$name -days 2 -out $name.pem
        done
        issue() {
          key $1; openssl req -new -key $1.key -subj /CN=$1 -out $1.csr
          printf "subjectAltName=DNS:localhost,DNS:inside.example" > $1.ext
          openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -set_serial $3 -days $2 -extfile $1.ext -out $1.pem
        }
        issue valid 2 1; issue expired -1 2; issue client 2 3
        """

    private static let server = """
        import http.server, ssl, sys, threading
        class Page(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                body = self.headers["Host"].encode()
                self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
                self.wfile.write(body)
        for name, mutual in (("valid", False), ("expired", False), ("valid", True)):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(name + ".pem", name + ".key")
            if mutual:
                context.load_verify_locations("ca.pem"); context.verify_mode = ssl.CERT_REQUIRED
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            print(server.server_address[1], end=" ")
        print(flush=True)
        sys.stdin.read()
        """
}

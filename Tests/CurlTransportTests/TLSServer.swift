import Foundation
import OS
import TLS

/// Python's TLS server, showing certificates of an authority of our own on three ports.
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
    private let process = Process()

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let maker = try CertificateAuthority.make(name: "right CA")
        authority = maker.certificatePEM
        otherAuthority = try CertificateAuthority.make(name: "wrong CA").certificatePEM
        (clientCertificate, clientKey) = try maker.issue(names: ["client"], client: true)
        let names = ["localhost", "inside.example"]
        let yesterday = Timestamp.now() + .seconds(-86_400)
        try Self.write(folder, "ca", (authority, []))
        try Self.write(folder, "valid", try maker.issue(names: names))
        try Self.write(folder, "expired", try maker.issue(names: names, now: yesterday, validFor: .seconds(60)))

        let output = Pipe()
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
        (valid, expired, mutual) = (ports[0], ports[1], ports[2])
    }

    deinit {
        // Not by the pipe alone: another child of the tests may hold its other end.
        kill(process.processIdentifier, SIGKILL)
        try? life.fileHandleForWriting.close()
        try? FileManager.default.removeItem(at: folder)
    }

    private static func write(_ folder: URL, _ name: String, _ issued: CertificateAuthority.Issued) throws {
        try Files.write(issued.certificatePEM, to: folder.appendingPathComponent(name + ".pem").path)
        try Files.write(issued.keyPEM, to: folder.appendingPathComponent(name + ".key").path)
    }

    private static let server = """
        import http.server, os, ssl, sys, threading, time
        parent = os.getppid()
        def outlived():  # another child of the test run may hold the other end of our standard input
            while os.getppid() == parent: time.sleep(0.2)
            os._exit(0)
        threading.Thread(target=outlived, daemon=True).start()
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

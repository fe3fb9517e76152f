import JSON
import Testing

@testable import SandboxKubelet

/// The parts that decide and do nothing.
@Suite("Decisions of scheduler and kubelet")
struct DecisionTests {
    @Test(
        "images by their names",
        arguments: [
            ("sandbox.local/host:1", "present"), ("python:3.11", "present"), ("a", "present"),
            ("host:5000/x/y", "present"),
            ("x@sha256:0123", "present"), ("ghcr.io/me/does-not-exist:2", "refused"), ("x/denied", "refused"),
            ("unreachable.example/x", "refused"), ("Upper/case", "invalid"), ("", "invalid"), ("a b", "invalid"),
            ("x:", "invalid"),
            ("-x", "invalid"), ("a//b", "invalid"),
        ])
    func images(_ name: String, _ expected: String) {
        let kind =
            switch ImageRule(name) {
            case .present: "present"
            case .invalidName: "invalid"
            case .refused: "refused"
            }
        #expect(kind == expected)
    }

    @Test("a short image name gets its registry and tag")
    func references() {
        #expect(ImageRule.reference("python") == "docker.io/library/python:latest")
        #expect(ImageRule.reference("me/x:1") == "docker.io/me/x:1")
        #expect(ImageRule.reference("localhost/x") == "localhost/x:latest")
        #expect(ImageRule.reference("h:5000/x@sha256:1") == "h:5000/x@sha256:1")
    }

    @Test(
        "variables in commands",
        arguments: [
            ("a $(X) b", "a 1 b"), ("$(NONE)", "$(NONE)"), ("$$(X)", "$(X)"), ("$X $", "$X $"), ("$(X", "$(X"),
            ("$$$(X)", "$1"),
        ])
    func expansion(_ text: String, _ expected: String) {
        #expect(Expansion.expand(text, ["X": "1"]) == expected)
    }

    @Test(
        "quantities",
        arguments: [("500m", 0.5), ("16Gi", 17_179_869_184), ("2", 2), ("1e3", 1000), ("1k", 1000), ("0.5Ki", 512)])
    func quantities(_ text: String, _ value: Double) throws {
        #expect(try #require(Quantity(text)).value == value)
        #expect(Quantity(text + "?") == nil)
    }

    @Test(
        "base64", arguments: [("", ""), ("YQ==", "a"), ("YWI=", "ab"), ("YWJj", "abc"), ("/+8=", "\u{fffd}\u{fffd}")])
    func base64(_ text: String, _ expected: String) throws {
        #expect(String(decoding: try #require(Base64.decode(text)), as: UTF8.self) == expected)
    }

    @Test("what is no base64", arguments: ["Y", "YQ=", "Y Q==", "YQ==Y", "YQ%="])
    func noBase64(_ text: String) { #expect(Base64.decode(text) == nil) }

    @Test("a pod asks for the sum of its containers, or its largest init container")
    func requests() {
        let pod: JSONValue = [
            "spec": [
                "containers": [
                    ["resources": ["requests": ["cpu": "1"], "limits": ["cpu": "4", "nvidia.com/gpu": 1]]],
                    ["resources": ["limits": ["cpu": "500m"]]],
                ],
                "initContainers": [["resources": ["requests": ["cpu": "250m", "memory": "1Gi"]]]],
            ]
        ]
        #expect(Scheduling.requests(of: pod) == ["cpu": 1.5, "nvidia.com/gpu": 1, "memory": 1_073_741_824])
    }

    @Test("a missing mount point opens its parents, and only those")
    func openedRoot() {
        let folders: [String: [(name: String, link: String?)]] = [
            "/": [("usr", nil), ("opt", nil), ("lib", "usr/lib"), ("proc", nil), ("dev", nil)],
            "/opt": [("swift", nil)],
        ]
        let known: Set = ["/", "/usr", "/opt", "/opt/swift", "/proc", "/dev", "/tmp"]
        let machine = RootFilesystem.Machine(
            entries: { folders[$0] ?? [] }, realPath: { known.contains($0) ? $0 : nil })
        let options = RootFilesystem(
            mounts: [Mount(target: "/opt/glue/data", source: "/s", isWritable: true)], machine: machine
        ).options()
        #expect(
            options == [
                "--symlink", "usr/lib", "/lib", "--dir", "/opt", "--ro-bind-try", "/opt/swift", "/opt/swift",
                "--ro-bind-try", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev", "--bind", "/s", "/opt/glue/data",
                "--remount-ro", "/",
            ])
    }

    @Test("mount points that are there leave the root whole, the shallow before the deep")
    func wholeRoot() {
        let machine = RootFilesystem.Machine(entries: { _ in [] }, realPath: { $0 == "/var/run" ? "/run" : $0 })
        let options = RootFilesystem(
            mounts: [
                Mount(target: "/var/run/x", source: "/b", isWritable: false),
                Mount(target: "/tmp", source: "/a", isWritable: true),
            ], machine: machine
        ).options()
        #expect(
            options == [
                "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--bind", "/a", "/tmp", "--ro-bind", "/b",
                "/var/run/x",
            ])
    }

    @Test(
        "host folders on the command line",
        arguments: [("/a=/b", "/a", "/b", false), ("/a/c=/b=d:rw", "/a/c", "/b=d", true)])
    func binds(_ text: String, _ mount: String, _ host: String, _ isWritable: Bool) {
        #expect(HostBind(text) == HostBind(mountPath: mount, hostPath: host, isWritable: isWritable))
    }

    @Test("what is no host folder", arguments: ["/a", "a=/b", "/a=b", ""])
    func noBinds(_ text: String) { #expect(HostBind(text) == nil) }

    @Test("a later ending takes the place of one that is less urgent, and no other")
    func endings() {
        let long = PodEnding.deleted(grace: .seconds(30))
        let short = PodEnding.deleted(grace: .seconds(1))
        #expect(short.replaces(long) && !long.replaces(short))
        #expect(long.replaces(.deadline) && !PodEnding.deadline.replaces(long))
        #expect(PodEnding.gone.replaces(short) && !short.replaces(.gone))
        #expect(PodEnding.stopping.replaces(.evicted(message: "")) && !PodEnding.lost.replaces(.stopping))
    }
}

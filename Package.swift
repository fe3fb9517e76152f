// swift-tools-version: 6.2
import PackageDescription

/// Swift 6 mode everywhere; a warning is an error unless somebody asks otherwise while working.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: Context.environment["GLUE_ALLOW_WARNINGS"] == nil ? .error : .warning),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tool(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// Folders of fixtures, which tests read from the sources' place.
let testData = ["Glue": ["Fixtures"]]

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: [.byName(name: name), "TestKit"] + dependencies,
        exclude: testData[name] ?? [],
        swiftSettings: strict)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "clearml-glue",
    products: [
        .executable(name: "glue", targets: ["Glue"]),
        .executable(name: "agent-exec", targets: ["AgentExec"]),
        .library(name: "KubeClient", targets: ["KubeClient"]),
        // For the sandbox, a package of its own in sandbox/.
        .library(
            name: "GlueFoundations",
            targets: ["JSON", "YAML", "HTTP", "OS", "TLS", "Handoff", "CurlTransport", "KubeClient", "ClearMLClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        // The three system libraries, and C where Swift cannot go.
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .target(name: "CSupervisor", cSettings: [.define("_GNU_SOURCE")]),

        // 0: import nothing of ours.
        library("JSON"),
        library("HTTP"),
        library("OS"),
        // 1
        library("YAML", ["JSON", "CYAML"]),
        library("Handoff", ["JSON"]),
        library("TLS", ["OS", "COpenSSL"]),
        library("CurlTransport", ["HTTP", "CCurl"]),
        library("Supervisor", ["CSupervisor"]),
        // 2
        library("KubeClient", ["HTTP", "JSON", "YAML", "OS", "TLS", logging]),
        library("ClearMLClient", ["HTTP", "JSON", "OS", logging]),
        // 3
        tool(
            "Glue",
            [
                "KubeClient", "ClearMLClient", "YAML", "JSON", "HTTP", "OS", "TLS", "Handoff", "CurlTransport", logging,
                arguments,
            ]),
        tool("AgentExec", ["ClearMLClient", "JSON", "HTTP", "OS", "Handoff", "CurlTransport", "Supervisor", logging]),

        .target(name: "TestKit", dependencies: ["HTTP", "JSON", "OS"], path: "Tests/TestKit", swiftSettings: strict),
        tests("JSON"),
        tests("HTTP"),
        tests("OS"),
        tests("YAML", ["JSON"]),
        tests("Handoff", ["JSON"]),
        tests("TLS", ["OS"]),
        tests("CurlTransport", ["HTTP", "OS", "TLS"]),
        tests("Supervisor"),
        tests("KubeClient", ["HTTP", "JSON", "OS", "TLS", "YAML", logging]),
        // Against a living API server: GLUE_CONFORMANCE_KUBECONFIG names it.
        .testTarget(
            name: "KubeConformanceTests",
            dependencies: ["KubeClient", "CurlTransport", "HTTP", "JSON", "OS", logging],
            path: "Tests/KubeConformance",
            exclude: ["README.md", "skipped-sandbox.txt", "skipped-real.txt", "skipped-real-api.txt"],
            swiftSettings: strict),
        tests("ClearMLClient", ["HTTP", "JSON", "OS", "CurlTransport"]),
        tests("Glue", ["KubeClient", "ClearMLClient", "HTTP", "JSON", "Handoff", "YAML"]),
        tests("AgentExec", ["ClearMLClient", "HTTP", "JSON", "Handoff"]),
    ]
)

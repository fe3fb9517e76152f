// swift-tools-version: 6.2
import PackageDescription

/// The sandbox: a ClearML-compatible server and a Kubernetes-compatible API with a kubelet, in one process.
/// A package of its own, so that its server stack is no part of the operator. Built in one configuration, debug with
/// our own targets optimised.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: Context.environment["GLUE_ALLOW_WARNINGS"] == nil ? .error : .warning),
]
let foundations = Target.Dependency.product(name: "GlueFoundations", package: "clearml-glue")

let package = Package(
    name: "clearml-glue-sandbox",
    products: [.executable(name: "glue-sandbox", targets: ["GlueSandbox"])],
    dependencies: [
        .package(name: "clearml-glue", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        // HTTP/1.1 over TCP or TLS on SwiftNIO; knows nothing of either API.
        .target(
            name: "SandboxServer",
            dependencies: [
                foundations, .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict),
        // The ClearML API as a state machine: request in, response out, no network.
        .target(name: "SandboxClearML", dependencies: [foundations], swiftSettings: strict),
        // The Kubernetes API, its store, watches and the Job controller: no network.
        .target(name: "SandboxKube", dependencies: [foundations], swiftSettings: strict),
        // Pods as processes of this machine.
        .target(name: "SandboxKubelet", dependencies: ["SandboxKube", foundations], swiftSettings: strict),
        .executableTarget(
            name: "GlueSandbox",
            dependencies: [
                "SandboxServer", "SandboxClearML", "SandboxKube", "SandboxKubelet", foundations,
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .testTarget(name: "SandboxServerTests", dependencies: ["SandboxServer", foundations], swiftSettings: strict),
        .testTarget(
            name: "SandboxKubeletTests", dependencies: ["SandboxKubelet", "SandboxKube", foundations],
            swiftSettings: strict),
        .testTarget(name: "SandboxClearMLTests", dependencies: ["SandboxClearML", foundations], swiftSettings: strict),
        .testTarget(name: "SandboxKubeTests", dependencies: ["SandboxKube", foundations], swiftSettings: strict),
    ]
)

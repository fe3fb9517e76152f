import HTTP
import JSON
import KubeClient

/// One thing that a Kubernetes API does, as a real API server does it.
struct ConformanceCase: Sendable {
    /// Its name in the lists of skipped cases; never reused.
    let id: String
    /// Throws when the server does otherwise.
    let run: @Sendable (Target) async throws -> Void

    init(_ id: String, _ run: @escaping @Sendable (Target) async throws -> Void) {
        self.id = id
        self.run = run
    }

    /// All cases, in the order they are reported.
    static let all: [ConformanceCase] =
        discovery + lifecycles + creation + replacement + patches + deletion + lists + watches + jobs + kubelet
        + refusals + reflectors
}

/// The server does something else than expected.
struct Difference: Error, CustomStringConvertible {
    let description: String
}

/// Throws a `Difference` unless `condition` holds.
func check(_ condition: Bool, _ what: @autoclosure () -> String) throws {
    if !condition { throw Difference(description: what()) }
}

/// Throws a `Difference` unless both are equal, naming both.
func check<T: Equatable>(_ what: String, _ actual: T, is expected: T) throws {
    try check(actual == expected, "\(what) is \(actual), expected \(expected)")
}

/// The refusal that `body` meets; a `Difference` when it meets none.
func refusal(_ what: String, _ body: () async throws -> Void) async throws -> KubernetesError {
    do { try await body() } catch let error as KubernetesError { return error }
    throw Difference(description: "\(what) was accepted")
}

/// Throws a `Difference` unless `error` is a Status of that code and reason.
func check(_ error: KubernetesError, _ code: Int, _ reason: String) throws {
    try check(
        error.status?.code == code && error.status?.reason == reason, "expected \(code) \(reason), got \(error)")
}

import HTTP
import JSON
import Logging
import Synchronization
import TestKit

@testable import KubeClient

/// Time that passes only when somebody sleeps.
final class FakeTime: Sendable {
    private let state = Mutex<(now: Duration, sleeps: [Duration])>((.zero, []))

    var sleeps: [Duration] { state.withLock { $0.sleeps } }

    func advance(_ duration: Duration) { state.withLock { $0.now += duration } }

    var pacing: Pacing {
        Pacing(
            now: { self.state.withLock { $0.now } },
            sleep: { duration in
                try Task.checkCancellation()
                self.state.withLock {
                    $0.now += duration
                    $0.sleeps.append(duration)
                }
            },
            jitter: { 1 })
    }
}

extension HTTPResponse {
    static func json(_ value: JSONValue, status: Int = 200, headers: HTTPHeaders = [:]) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: value.bytes)
    }

    static func status(
        _ code: Int, _ reason: String, _ message: String, details: JSONValue = [:], headers: HTTPHeaders = [:]
    ) -> HTTPResponse {
        .json(
            [
                "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": .integer(Int64(code)),
                "reason": .string(reason), "message": .string(message), "details": details,
            ], status: code, headers: headers)
    }
}

/// A client over a script.
func scripted(
    _ steps: [ScriptedTransport.Step], credentials: ClusterConfiguration.Credentials = .none,
    time: FakeTime = FakeTime()
) -> (client: KubernetesClient, transport: ScriptedTransport) {
    let transport = ScriptedTransport(steps)
    let client = KubernetesClient(
        configuration: ClusterConfiguration(server: "https://api:6443", credentials: credentials),
        transport: transport, watchTransport: transport, logger: Logger(label: "test"), pacing: time.pacing)
    return (client, transport)
}

func answer(_ response: HTTPResponse) -> ScriptedTransport.Step { { _ in .success(response) } }
func lost(_ kind: HTTPError.Kind, mayHaveActed: Bool) -> ScriptedTransport.Step {
    { _ in .failure(HTTPError(kind, mayHaveActed: mayHaveActed, "the connection broke")) }
}

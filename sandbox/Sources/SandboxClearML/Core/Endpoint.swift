import JSON

/// One action: from which version on it is there, whether it needs a caller, and what it does.
struct Endpoint: Sendable {
    typealias Body = @Sendable (inout Store, Call) throws(APIError) -> JSONValue

    let since: APIVersion
    let authorize: Bool
    let run: Body

    /// An action that came with API version `since`.
    init(_ since: String, _ run: @escaping Body) {
        self.since = APIVersion(since) ?? .first
        authorize = true
        self.run = run
    }

    /// An action that was there from the first version on.
    init(authorize: Bool = true, _ run: @escaping Body) {
        since = .first
        self.authorize = authorize
        self.run = run
    }
}

/// Every action there is, by name.
enum Endpoints {
    static let all: [String: Endpoint] = [
        SessionService.endpoints, QueueService.endpoints, TaskReading.endpoints, TaskCreation.endpoints,
        TaskLifecycle.endpoints, TaskQueueing.endpoints, TaskEditing.endpoints, TaskParts.endpoints,
        TaskRemoval.endpoints, WorkerService.endpoints, EventWriting.endpoints, EventReading.endpoints,
        ProjectService.endpoints, ModelService.endpoints,
    ].reduce(into: [:]) { all, service in all.merge(service) { first, _ in first } }

    /// The endpoint that serves `asked`: one that came after that version is not there for its caller.
    static func find(_ action: String, asked: APIVersion) -> (Endpoint, APIVersion)? {
        guard let endpoint = all[action], endpoint.since <= asked else { return nil }
        return (endpoint, endpoint.since)
    }
}

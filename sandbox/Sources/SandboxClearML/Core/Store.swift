import HTTP
import JSON
import OS

/// Everything the server remembers. One lock guards it whole.
struct Store {
    let configuration: ClearMLSandboxConfiguration
    var sessions = Sessions()
    var tasks = Collection<TaskDocument>()
    var queues = Collection<QueueDocument>()
    var projects = Collection<ProjectDocument>()
    var models = Collection<ModelDocument>()
    var workers: [String: WorkerRecord] = [:]
    var events: EventLog
    var files = FileServer.Files()

    init(configuration: ClearMLSandboxConfiguration) {
        self.configuration = configuration
        events = EventLog(byteLimit: configuration.eventBytesLimit)
        let now = configuration.now()
        for (place, name) in configuration.queues.enumerated() {
            queues.insert(
                QueueDocument(
                    id: configuration.makeID(), name: name, company: configuration.companyID,
                    systemTags: place == 0 ? ["default"] : [], now: now))
        }
    }

    var company: String { configuration.companyID }

    /// The task called `id`, or 400/101.
    func task(_ id: String) throws(APIError) -> TaskDocument {
        guard let task = tasks[id] else { throw .unknownTask(id) }
        return task
    }

    /// The queue called `id`, or 400/701.
    func queue(_ id: String) throws(APIError) -> QueueDocument {
        guard let queue = queues[id] else { throw .unknownQueue(id) }
        return queue
    }
}

/// A document that the server keeps as the JSON it shows.
protocol Document {
    /// The fields that are there; absent when unset.
    var fields: JSONObject { get set }
}

extension Document {
    var id: String { fields["id"]?.string ?? "" }
    var name: String { fields["name"]?.string ?? "" }
    var systemTags: [String] { texts("system_tags") }

    func texts(_ name: String) -> [String] { fields[name]?.array?.compactMap(\.string) ?? [] }
}

/// Documents by id, in the order they came.
struct Collection<Element: Document> {
    private var elements: [String: Element] = [:]
    /// Ids in order; those removed since the last compaction are still in here.
    private var order: [String] = []

    /// The documents in the order they came.
    var all: some Sequence<Element> { order.lazy.compactMap { elements[$0] } }
    var count: Int { elements.count }

    mutating func insert(_ element: Element) {
        if elements.updateValue(element, forKey: element.id) == nil { order.append(element.id) }
    }

    @discardableResult
    mutating func remove(_ id: String) -> Element? {
        guard let element = elements.removeValue(forKey: id) else { return nil }
        if order.count > 64, order.count > 2 * elements.count {
            order.removeAll { elements[$0] == nil }
        }
        return element
    }

    /// The document called `id`; setting changes only one that is there.
    subscript(id: String) -> Element? {
        get { elements[id] }
        _modify { yield &elements[id] }
    }
}

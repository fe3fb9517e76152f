import JSON

/// `models.*`, as far as the SDK asks for them.
enum ModelService {
    static let endpoints: [String: Endpoint] = [
        "models.create": Endpoint(create),
        "models.get_by_id": Endpoint(getByID),
        "models.get_all": Endpoint(getAll),
        "models.get_all_ex": Endpoint(getAll),
        "models.edit": Endpoint(edit),
        "models.update": Endpoint(edit),
        "models.set_ready": Endpoint(setReady),
        "models.delete": Endpoint(delete),
    ]

    private static let editable = [
        "uri", "name", "comment", "tags", "system_tags", "framework", "design", "labels", "ready", "project", "parent",
        "task", "ui_cache", "metadata",
    ]

    private static func known(_ store: Store, _ call: Call) throws(APIError) -> String {
        let id = try call.text("model")
        guard store.models[id] != nil else { throw .unknownModel(id) }
        return id
    }

    @Sendable static func create(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let (name, uri) = (try call.text("name"), try call.text("uri"))
        guard name.trimmed.count >= 3 else { throw .data("model name must be at least 3 characters long") }
        let id = call.makeID()
        var fields: JSONObject = [
            "id": .string(id), "name": .string(name), "uri": .string(uri), "user": .string(call.user),
            "company": .string(store.company), "created": call.date, "last_update": call.date, "tags": [],
            "system_tags": [], "framework": "", "design": [:], "labels": [:], "ready": false, "metadata": [:],
            "comment": "", "last_iteration": 0, "last_metrics": [:],
        ]
        for field in editable { if let value = call[field] { fields[field] = value } }
        store.models.insert(ModelDocument(fields: fields))
        return ["id": .string(id), "created": true]
    }

    @Sendable static func getByID(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try known(store, call)
        return ["model": .object(store.models[id]?.fields ?? JSONObject())]
    }

    @Sendable static func getAll(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let listing = try Listing(call, known: ModelDocument.fieldNames)
        return listing.answer("models", listing.select(from: store.models, shown: \.fields))
    }

    @Sendable static func edit(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try known(store, call)
        var written = JSONObject()
        for field in editable { written[field] = call[field] }
        for (name, value) in written { store.models[id]?.fields[name] = value }
        store.models[id]?.fields["last_update"] = call.date
        return ["updated": 1, "fields": .object(written)]
    }

    @Sendable static func setReady(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try known(store, call)
        store.models[id]?.fields["ready"] = true
        return ["updated": 1]
    }

    @Sendable static func delete(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try known(store, call)
        let uri = store.models.remove(id)?.fields["uri"]
        return ["deleted": true, "url": uri ?? nil]
    }
}

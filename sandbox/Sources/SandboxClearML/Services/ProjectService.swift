import JSON

/// `projects.*`.
enum ProjectService {
    static let endpoints: [String: Endpoint] = [
        "projects.create": Endpoint(create),
        "projects.get_by_id": Endpoint(getByID),
        "projects.get_all": Endpoint(getAll),
        "projects.get_all_ex": Endpoint(getAll),
        "projects.update": Endpoint(update),
        "projects.delete": Endpoint(delete),
    ]

    /// The project of that name, made with its parents when it is not there.
    static func findOrMake(_ name: String, _ call: Call, in store: inout Store) throws(APIError) -> ProjectDocument {
        let parts = name.split(separator: "/").map { String(String($0).trimmed) }.filter { !$0.isEmpty }
        guard !parts.isEmpty else { throw .bad(12, "Project name cannot be blank") }
        guard parts.allSatisfy({ $0.count >= 3 }) else {
            throw .data("project name must be at least 3 characters long")
        }
        var parents: [String] = []
        var found: ProjectDocument?
        for depth in parts.indices {
            let path = parts[...depth].joined(separator: "/")
            let project: ProjectDocument
            if let known = store.projects.all.first(where: { $0.name == path }) {
                project = known
            } else {
                project = ProjectDocument(
                    id: call.makeID(), name: path, parents: parents, user: call.user, company: store.company,
                    now: call.now)
                store.projects.insert(project)
            }
            parents.append(project.id)
            found = project
        }
        guard let found else { throw .bad(12, "Project name cannot be blank") }
        return found
    }

    @Sendable static func create(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let name = try call.text("name")
        if store.projects.all.contains(where: { $0.name == name }) {
            throw .bad(
                801, "Value combination already exists (unique field already contains this value)", ["name": name])
        }
        let id = try findOrMake(name, call, in: &store).id
        for field in ["description", "tags", "system_tags", "default_output_destination"] {
            if let value = call[field] { store.projects[id]?.fields[field] = value }
        }
        return ["id": .string(id)]
    }

    @Sendable static func getByID(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("project")
        guard let project = store.projects[id] else { throw .unknownProject(id) }
        return ["project": .object(project.fields)]
    }

    @Sendable static func getAll(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let listing = try Listing(call, known: ProjectDocument.fieldNames)
        let shallow = try call.flag("shallow_search")
        let found = listing.select(
            from: store.projects, shown: \.fields,
            hides: { $0.systemTags.contains("hidden") || (shallow && !$0.path.isEmpty) })
        return listing.answer("projects", found)
    }

    @Sendable static func update(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("project")
        guard store.projects[id] != nil else { throw .unknownProject(id) }
        var fields = JSONObject()
        for name in ["name", "description", "tags", "system_tags", "default_output_destination"] {
            fields[name] = call[name]
        }
        for (name, value) in fields { store.projects[id]?.fields[name] = value }
        store.projects[id]?.fields["last_update"] = call.date
        return ["updated": 1, "fields": .object(fields)]
    }

    /// Deletes a project and those inside it; with tasks in them only by `force`, which leaves these without one.
    @Sendable static func delete(_ store: inout Store, _ call: Call) throws(APIError) -> JSONValue {
        let id = try call.text("project")
        guard store.projects[id] != nil else { throw .unknownProject(id) }
        let doomed = Set(store.projects.all.filter { $0.id == id || $0.path.contains(id) }.map(\.id))
        let tasks = store.tasks.all.filter { doomed.contains($0.project ?? "") }.map(\.id)
        let (force, deletes) = (try call.flag("force"), try call.flag("delete_contents"))
        if !tasks.isEmpty, !force {
            throw .bad(402, "Project has associated tasks: use force=true to delete", ["id": id])
        }
        for task in tasks {
            if deletes {
                _ = try TaskRemoval.delete(&store, call.with(["task": .string(task), "force": true]))
            } else {
                store.tasks[task]?.fields["project"] = nil
            }
        }
        for project in doomed { store.projects.remove(project) }
        return [
            "deleted": .integer(Int64(doomed.count)), "disassociated_tasks": .integer(deletes ? 0 : Int64(tasks.count)),
            "deleted_models": 0, "deleted_tasks": .integer(deletes ? Int64(tasks.count) : 0),
            "urls": ["model_urls": [], "event_urls": [], "artifact_urls": []],
        ]
    }
}

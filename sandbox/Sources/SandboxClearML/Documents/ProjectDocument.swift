import JSON
import OS

/// A project; its name is its whole path, `a/b`.
struct ProjectDocument: Document {
    var fields: JSONObject

    static let fieldNames: Set<String> = [
        "id", "name", "basename", "description", "user", "company", "created", "tags", "system_tags",
        "default_output_destination", "last_update", "featured", "parent", "path", "logo_url", "logo_blob", "hidden",
        "stats", "sub_projects",
    ]

    init(id: String, name: String, parents: [String], user: String, company: String, now: Timestamp) {
        let date = JSONValue.string(now.clearml)
        fields = [
            "id": .string(id), "company": .string(company), "user": .string(user), "name": .string(name),
            "basename": .string(name.split(separator: "/").last.map(String.init) ?? name), "description": "",
            "created": date, "tags": [], "system_tags": [], "last_update": date, "featured": 9999,
        ]
        if let parent = parents.last { fields["parent"] = .string(parent) }
        fields["path"] = .array(parents.map(JSONValue.string))
    }

    var path: [String] { texts("path") }
}

/// A model.
struct ModelDocument: Document {
    var fields: JSONObject

    static let fieldNames: Set<String> = [
        "id", "name", "user", "company", "created", "last_update", "task", "parent", "project", "comment", "tags",
        "system_tags", "framework", "design", "labels", "uri", "ready", "ui_cache", "metadata", "last_iteration",
        "last_metrics", "unique_metrics",
    ]
}

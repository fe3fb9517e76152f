import JSON

/// What every `get_all` has in common: which documents, in which order, which page, which fields.
struct Listing {
    private static let pageLimit = 500

    private let ids: Set<String>?
    private let name: NamePattern?
    private let search: NamePattern?
    private let values: [(path: [String], filter: ValueFilter)]
    private let dates: [(path: [String], filter: DateFilter)]
    private let order: [(path: [String], descending: Bool)]
    private let range: Range<Int>?
    private let scrolls: Bool
    let projection: Projection
    /// Whether the caller named what it wants, so that hidden documents are shown too.
    let namesDocuments: Bool

    /// Arguments that are no filter.
    private static let settings: Set<String> = [
        "id", "name", "page", "page_size", "order_by", "only_fields", "search_text", "_all_", "_any_", "search_hidden",
        "scroll_id", "refresh_scroll", "size", "include_subprojects", "allow_public", "filters", "max_task_entries",
        "shallow_search", "method", "include_stats", "stats_for_state", "check_own_contents", "non_public",
        "active_users", "stats_with_children", "include_stats_filter", "include_dataset_stats", "children_type",
    ]
    private static let dateFields: Set<String> = [
        "status_changed", "last_update", "last_change", "created", "started", "completed", "last_worker_report",
    ]

    init(_ call: Call, known: Set<String>, joins: Bool = false) throws(APIError) {
        let ids = try call.texts("id")
        self.ids = ids.map { Set($0) }
        let pattern = try call.optionalText("name")
        name = if let pattern { try NamePattern(pattern) } else { nil }
        let search = try call.optionalText("search_text")
        self.search = if let search { try NamePattern(search) } else { nil }
        let searchesHidden = try call.flag("search_hidden")
        namesDocuments = ids != nil || pattern != nil || searchesHidden
        projection = try Projection(call.texts("only_fields"), known: joins ? nil : known)

        var values: [(path: [String], filter: ValueFilter)] = []
        var dates: [(path: [String], filter: DateFilter)] = []
        for (field, value) in call.arguments where !Self.settings.contains(field) && !value.isNull {
            let path = field.split(whereSeparator: { $0 == "." }).map(String.init)
            // Fields that no document has are ignored: clients send a few of their own.
            guard let first = path.first, known.contains(first) else { continue }
            let list = value.array ?? [value]
            if Self.dateFields.contains(field) {
                dates.append((path, try DateFilter(field, list)))
            } else if !list.isEmpty {
                values.append((path, ValueFilter(list)))
            }
        }
        self.values = values
        self.dates = dates
        order = (try call.texts("order_by") ?? []).map { field in
            let descending = field.hasPrefix("-")
            return ((descending ? field.dropFirst() : field[...]).split(separator: ".").map(String.init), descending)
        }
        (range, scrolls) = try Self.page(call)
    }

    private static func page(_ call: Call) throws(APIError) -> (Range<Int>?, Bool) {
        if let size = try call.integer("size") {
            guard size > 0 else { throw .validation("size", "must be positive") }
            let start = try call.scrollPlace()
            return (start..<start + min(size, pageLimit), true)
        }
        let size = try call.integer("page_size")
        let page = try call.integer("page")
        guard size != nil || page != nil else { return (nil, false) }
        guard (page ?? 0) >= 0, (size ?? 1) >= 1 else { throw .validation("page", "must not be negative") }
        let length = min(size ?? pageLimit, pageLimit)
        return ((page ?? 0) * length..<((page ?? 0) + 1) * length, false)
    }

    /// The documents that pass, ordered and cut to the page; `hides` drops those that are hidden.
    func select<Element: Document>(
        from collection: Collection<Element>, shown: (Element) -> JSONObject, hides: (Element) -> Bool = { _ in false }
    ) -> [JSONObject] {
        var found: [JSONObject] = []
        if let ids {
            for element in ids.count <= 8 ? pick(ids, from: collection) : collection.all.filter({ ids.contains($0.id) })
            where accepts(element.fields) { found.append(shown(element)) }
        } else {
            for element in collection.all where (namesDocuments || !hides(element)) && accepts(element.fields) {
                found.append(shown(element))
            }
        }
        if !order.isEmpty { found = sorted(found) }
        guard let range else { return found }
        return Array(found.dropFirst(range.lowerBound).prefix(range.count))
    }

    private func pick<Element: Document>(_ ids: Set<String>, from collection: Collection<Element>) -> [Element] {
        let present = ids.compactMap { collection[$0] }
        return present.count < 2 ? present : collection.all.filter { ids.contains($0.id) }
    }

    /// `{plural: […]}`, projected, with the scroll's next position when one was asked for.
    func answer(_ plural: String, _ documents: [JSONObject]) -> JSONValue {
        var data: JSONValue = [:]
        data[plural] = .array(documents.map(projection.apply))
        if scrolls, let range { data["scroll_id"] = .string(String(range.lowerBound + documents.count)) }
        return data
    }

    private func accepts(_ fields: JSONObject) -> Bool {
        let ownName = fields["name"]?.string ?? ""
        if let name, !name.matches(ownName) { return false }
        if let search, !search.matches(ownName), !search.matches(fields["id"]?.string ?? "") { return false }
        return values.allSatisfy { Self.accepts(fields, $0.path[...], $0.filter) }
            && dates.allSatisfy { $0.filter.accepts(Self.value(at: $0.path, in: .object(fields))?.string) }
    }

    private static func accepts(_ fields: JSONObject, _ path: ArraySlice<String>, _ filter: ValueFilter) -> Bool {
        guard let name = path.first, let value = fields[name] else { return filter.accepts([]) }
        switch value {
        // The usual cases, without a set: this runs for every document.
        case .string(let text) where path.count == 1: return filter.accepts(text)
        case .object(let inner) where path.count > 1: return accepts(inner, path.dropFirst(), filter)
        default: return filter.accepts(texts(at: Array(path.dropFirst()), in: value))
        }
    }

    private static func value(at path: [String], in document: JSONValue) -> JSONValue? {
        path.reduce(document) { $0?[$1] }
    }

    /// The values at a path as texts, through lists: `models.input.model` finds the model of each input.
    private static func texts(at path: [String], in document: JSONValue) -> Set<String> {
        guard let first = path.first else {
            switch document {
            case .string(let text): return [text]
            case .bool(let flag): return [flag ? "true" : "false"]
            case .integer(let number): return [String(number)]
            case .array(let list): return list.reduce(into: []) { $0.formUnion(texts(at: [], in: $1)) }
            default: return []
            }
        }
        if let list = document.array { return list.reduce(into: []) { $0.formUnion(texts(at: path, in: $1)) } }
        return document[first].map { texts(at: Array(path.dropFirst()), in: $0) } ?? []
    }

    private func sorted(_ documents: [JSONObject]) -> [JSONObject] {
        documents.enumerated().sorted { left, right in
            for (path, descending) in order {
                let a = Self.value(at: path, in: .object(left.element))
                let b = Self.value(at: path, in: .object(right.element))
                if a == b { continue }
                return Self.less(a, b) != descending
            }
            return left.offset < right.offset
        }.map(\.element)
    }

    /// Absent before numbers before texts, as MongoDB orders them.
    private static func less(_ left: JSONValue?, _ right: JSONValue?) -> Bool {
        switch (left, right) {
        case (nil, _?): true
        case (_, nil): false
        case (let left?, let right?):
            if let a = left.double, let b = right.double { a < b } else { (left.string ?? "") < (right.string ?? "") }
        }
    }
}

import HTTP
import JSON

extension KubeSandbox {
    func watch(_ request: ResourceRequest) throws(KubeRefusal) -> KubeReply {
        let scope = try scope(of: request)
        let wantsBookmarks = request.target.isSet("allowWatchBookmarks")
        let configuration = self.configuration
        let wantsInitial = request.target.isSet("sendInitialEvents")
        if wantsInitial, request.target["resourceVersionMatch"] != "NotOlderThan" {
            throw KubeRefusal(
                code: 422, reason: "Invalid",
                message:
                    "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
                details: ["kind": "ListOptions", "group": "meta.k8s.io"])
        }
        let version = request.target["resourceVersion"]
        let seconds = try request.target.integer("timeoutSeconds")
        let feed = try openWatch(
            scope, wantsBookmarks: wantsBookmarks,
            timeout: seconds.map { .seconds($0) } ?? configuration.watchTimeout,
            queueLimit: configuration.watchQueueLimit
        ) { state throws(KubeRefusal) in
            try Self.beginning(
                of: scope, in: state.store, version: version,
                withInitialEnd: wantsInitial, refuses: configuration.refusesExpiredWatches)
        }
        return .stream(stream(feed, request))
    }

    /// What a watch says before anything new: all objects, or what changed since the version it names.
    private static func beginning(
        of scope: Scope, in store: Store, version: String?, withInitialEnd: Bool, refuses: Bool
    ) throws(KubeRefusal) -> [KubeChange] {
        if !withInitialEnd, let version, version != "0" {
            guard let since = Int(version) else {
                throw .badRequest(
                    "invalid resource version \"\(version)\": strconv.ParseUint: parsing \"\(version)\": invalid syntax"
                )
            }
            // A version from the future is of a cluster that was here before: its watcher has to list again too.
            guard since <= store.version, let changes = store.changes(after: since) else {
                let refusal = KubeRefusal.expired("too old resource version: \(since) (\(store.compacted + 1))")
                if refuses { throw refusal }
                return [KubeChange(kind: .error, object: refusal.status)]
            }
            return changes.compactMap(scope.view)
        }
        var initial = store.list(scope.kind, namespace: scope.namespace).filter(scope.matches).map {
            KubeChange(kind: .added, object: $0)
        }
        if withInitialEnd { initial.append(Watches.bookmark(scope.kind, store.version, initialEnd: true)) }
        return initial
    }

    /// Lines of JSON, made when the reader asks for them: what waits is bounded by the watch's queue.
    private func stream(_ feed: WatchFeed, _ request: ResourceRequest) -> HTTPStream {
        let form = TableForm(request)
        let now = configuration.now
        let kind = request.kind
        @Sendable func line(_ change: KubeChange) -> [UInt8] {
            var object = change.object
            if change.kind != .bookmark, change.kind != .error { object = EventForm.shown(object, as: kind) }
            if let form, change.kind != .error {
                object = form.table(
                    of: change.kind == .bookmark ? [] : [object], resourceVersion: object.resourceVersion,
                    continuing: nil, now: now())
            }
            return KubeChange(kind: change.kind, object: object).line.bytes + [0x0a]
        }
        let pending = PendingLines(feed.initial)
        let changes = feed.changes
        let endsAtOnce = feed.initial.first?.kind == .error
        let chunks = AsyncThrowingStream<[UInt8], any Error>(unfolding: {
            if let first = pending.next() { return line(first) }
            if endsAtOnce { return nil }
            var iterator = changes.makeAsyncIterator()
            return await iterator.next().map(line)
        })
        return HTTPStream(
            status: 200,
            headers: ["Content-Type": "application/json", "Cache-Control": "no-cache, private"],
            chunks: chunks)
    }
}

import JSON

extension ClusterState {
    /// Does all that is to be done now: Jobs that changed or whose time has come, watches, events.
    mutating func settle() {
        let now = self.now
        watches.tick(now: now, version: store.version, interval: configuration.bookmarkInterval)
    }
}

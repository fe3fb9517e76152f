/// The last known state of the objects of one kind, by key. Pure.
///
/// *Guarantees.* A new list replaces the old content in one step, at its end; until then readers see the old content.
public struct ObjectStore<Object: KubernetesObject>: Sendable {
    /// The objects.
    public private(set) var objects: [ObjectKey: Object] = [:]
    /// Whether a whole list has been seen.
    public private(set) var isReady = false
    private var listing: [ObjectKey: Object]?

    /// An empty store, not ready.
    public init() {}

    /// Takes in an event and returns the keys whose object is another now (or gone, or new).
    public mutating func receive(_ event: WatcherEvent<Object>) -> [ObjectKey] {
        switch event {
        case .initial: listing = [:]
        case .initialApply(let object):
            let key = object.key
            // One that has not changed stays the same in memory: a new list does not double the store.
            listing?[key] = Self.differ(objects[key], object) ? object : objects[key]
        case .initDone: return swap()
        case .apply(let object):
            let key = object.key
            let isNew = Self.differ(objects[key], object)
            objects[key] = object
            return isNew ? [key] : []
        case .delete(let object): return objects.removeValue(forKey: object.key) == nil ? [] : [object.key]
        case .contact, .interrupted: break
        }
        return []
    }

    /// The end of a list: what changed, and what vanished while nobody looked.
    private mutating func swap() -> [ObjectKey] {
        guard let fresh = listing else { return [] }
        listing = nil
        isReady = true
        let vanished = objects.keys.filter { fresh[$0] == nil }
        let changed = fresh.filter { Self.differ(objects[$0.key], $0.value) }.keys
        objects = fresh
        return (vanished + changed).sorted()
    }

    private static func differ(_ old: Object?, _ new: Object) -> Bool {
        guard let old else { return true }
        return old.uid != new.uid || old.resourceVersion != new.resourceVersion || new.resourceVersion == nil
    }
}

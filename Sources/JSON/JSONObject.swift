/// The members of a JSON object, in the order they were written. Equality and hash ignore that order.
public struct JSONObject: Sendable {
    /// One name and its value.
    public typealias Member = (key: String, value: JSONValue)

    /// A struct of its own, since the runtime looks up the metadata of an array of tuples at each allocation.
    fileprivate struct Entry: Sendable {
        let key: String
        var value: JSONValue
    }

    private var members: [Entry] = []
    /// Name → place, kept only above `indexThreshold` members: most objects are small, hostile ones are not.
    private var index: [ExactKey: Int]?

    private static var indexThreshold: Int { 24 }

    /// An object without members.
    public init() {}

    /// The number of members.
    public var count: Int { members.count }
    /// Whether there are none.
    public var isEmpty: Bool { members.isEmpty }
    /// The names, in order.
    public var keys: [String] { members.map(\.key) }
    /// The values, in order.
    public var values: [JSONValue] { members.map(\.value) }

    private func place(of key: String) -> Int? {
        if let index { return index[ExactKey(text: key)] }
        // By place, not by element: a search must not retain every value it passes.
        for place in members.indices where members[place].key.isExactly(key) { return place }
        return nil
    }

    /// The value called `key`. Setting keeps the member's place, or appends; setting `nil` removes.
    public subscript(key: String) -> JSONValue? {
        get { place(of: key).map { members[$0].value } }
        set {
            if let place = place(of: key) {
                if let newValue {
                    members[place].value = newValue
                } else {
                    members.remove(at: place)
                    rebuildIndex()
                }
            } else if let newValue {
                append(key, newValue)
            }
        }
    }

    /// Appends a member whose name the caller knows to be new; `false`, and no change, when it is not.
    @discardableResult
    public mutating func append(_ key: String, _ value: JSONValue) -> Bool {
        if place(of: key) != nil { return false }
        members.append(Entry(key: key, value: value))
        if index != nil {
            index?[ExactKey(text: key)] = members.count - 1
        } else if members.count > Self.indexThreshold {
            rebuildIndex()
        }
        return true
    }

    private mutating func rebuildIndex() {
        guard members.count > Self.indexThreshold else {
            index = nil
            return
        }
        var fresh = [ExactKey: Int](minimumCapacity: members.count * 2)
        for (place, member) in members.enumerated() { fresh[ExactKey(text: member.key)] = place }
        index = fresh
    }
}

extension JSONObject: Sequence {
    /// Goes through the members, in order.
    public struct Iterator: IteratorProtocol {
        fileprivate var rest: IndexingIterator<[Entry]>

        /// The next member.
        public mutating func next() -> Member? { rest.next().map { ($0.key, $0.value) } }
    }

    /// The members, in order.
    public func makeIterator() -> Iterator { Iterator(rest: members.makeIterator()) }

    /// The number of members, which spares a copy its growing.
    public var underestimatedCount: Int { members.count }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object from a literal; of equal keys the last wins.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }
}

extension JSONObject: Hashable {
    /// Equal when the same names have equal values, in any order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }

    /// Order does not count.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for member in members {
            var one = Hasher()
            member.key.hashExactly(into: &one)
            one.combine(member.value)
            sum &+= one.finalize()
        }
        hasher.combine(sum)
    }
}

/// Why a JSON patch could not be applied: which operation, on which path, and what is wrong.
public struct JSONPatchError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    public enum Reason: Sendable, Equatable {
        /// The operation itself is not one of RFC 6902; what was expected instead.
        case malformed(String)
        /// Nothing is there.
        case missing
        /// The list has no such place.
        case noSuchIndex
        /// Something on the way is neither an object nor a list.
        case notAContainer
        /// A `test` found another value.
        case testFailed
        /// A value cannot move into itself.
        case intoItself
    }

    /// Which operation, from 0.
    public let operation: Int
    /// On which path, as it was written.
    public let path: String
    /// What is wrong.
    public let reason: Reason

    /// `patch operation 2 at "/spec/x": nothing is there`.
    public var description: String {
        let what =
            switch reason {
            case .malformed(let expected): expected
            case .missing: "nothing is there"
            case .noSuchIndex: "the list has no such place"
            case .notAContainer: "the path leads through something that is neither an object nor a list"
            case .testFailed: "the value is another than the test expects"
            case .intoItself: "a value cannot move into itself"
            }
        return "patch operation \(operation) at `\(path)`: \(what)"
    }
}

extension JSONValue {
    /// The document after a JSON patch (RFC 6902). All operations apply, or none does.
    ///
    /// - Parameter patch: a list of operations.
    /// - Throws: `JSONPatchError` about the first operation that fails.
    public func applying(patch: JSONValue) throws(JSONPatchError) -> JSONValue {
        guard case .array(let operations) = patch else {
            throw JSONPatchError(operation: 0, path: "", reason: .malformed("a patch is a list of operations"))
        }
        var document = self
        for (number, operation) in operations.enumerated() {
            let change = try JSONPatchOperation(operation, number: number)
            do throws(JSONPatchError.Reason) { try change.apply(to: &document) } catch {
                throw JSONPatchError(operation: number, path: change.path.description, reason: error)
            }
        }
        return document
    }
}

extension JSONPatchError.Reason: Error {}

/// One operation of a patch, read.
struct JSONPatchOperation {
    enum Action {
        case add(JSONValue)
        case remove
        case replace(JSONValue)
        case move(from: JSONPointer)
        case copy(from: JSONPointer)
        case test(JSONValue)
    }

    let path: JSONPointer
    let action: Action

    init(_ value: JSONValue, number: Int) throws(JSONPatchError) {
        let written = value["path"]?.string ?? ""
        func malformed(_ expected: String) -> JSONPatchError {
            JSONPatchError(operation: number, path: written, reason: .malformed(expected))
        }
        func pointer(_ key: String) throws(JSONPatchError) -> JSONPointer {
            guard let text = value[key]?.string, let pointer = JSONPointer(text) else {
                throw malformed("`\(key)` must be a JSON pointer such as `/spec/replicas`")
            }
            return pointer
        }
        func operand() throws(JSONPatchError) -> JSONValue {
            guard let operand = value["value"] else { throw malformed("`value` is missing") }
            return operand
        }
        path = try pointer("path")
        switch value["op"]?.string {
        case "add": action = .add(try operand())
        case "remove": action = .remove
        case "replace": action = .replace(try operand())
        case "move": action = .move(from: try pointer("from"))
        case "copy": action = .copy(from: try pointer("from"))
        case "test": action = .test(try operand())
        default: throw malformed("`op` must be add, remove, replace, move, copy or test")
        }
    }

    func apply(to document: inout JSONValue) throws(JSONPatchError.Reason) {
        switch action {
        case .add(let value): try document.add(value, at: path.tokens[...])
        case .remove: _ = try document.remove(at: path.tokens[...])
        case .replace(let value): try document.replace(value, at: path.tokens[...])
        case .test(let value):
            guard let found = document.value(at: path) else { throw .missing }
            if !found.isSame(as: value) { throw .testFailed }
        case .copy(let from):
            guard let value = document.value(at: from) else { throw .missing }
            try document.add(value, at: path.tokens[...])
        case .move(let from):
            if from.contains(path) { throw .intoItself }
            let value = try document.remove(at: from.tokens[...])
            try document.add(value, at: path.tokens[...])
        }
    }
}

extension JSONValue {
    /// Goes down to the holder of the path's last token and changes it there, in place.
    private mutating func edit<Result>(
        _ path: ArraySlice<String>, _ change: (inout JSONValue, String) throws(JSONPatchError.Reason) -> Result
    ) throws(JSONPatchError.Reason) -> Result {
        guard let token = path.first else { throw .missing }
        if path.count == 1 { return try change(&self, token) }
        switch self {
        case .object(var members):
            guard var next = members[token] else { throw .missing }
            let result = try next.edit(path.dropFirst(), change)
            members[token] = next
            self = .object(members)
            return result
        case .array(var elements):
            guard let place = JSONPointer.index(token), elements.indices.contains(place) else { throw .noSuchIndex }
            let result = try elements[place].edit(path.dropFirst(), change)
            self = .array(elements)
            return result
        default: throw .notAContainer
        }
    }

    fileprivate mutating func add(_ value: JSONValue, at path: ArraySlice<String>) throws(JSONPatchError.Reason) {
        if path.isEmpty {
            self = value
            return
        }
        try edit(path) { (holder, token) throws(JSONPatchError.Reason) in
            switch holder {
            case .object(var members):
                members[token] = value
                holder = .object(members)
            case .array(var elements):
                guard let place = token == "-" ? elements.count : JSONPointer.index(token), place <= elements.count
                else { throw .noSuchIndex }
                elements.insert(value, at: place)
                holder = .array(elements)
            default: throw .notAContainer
            }
        }
    }

    fileprivate mutating func replace(_ value: JSONValue, at path: ArraySlice<String>) throws(JSONPatchError.Reason) {
        if path.isEmpty {
            self = value
            return
        }
        try edit(path) { (holder, token) throws(JSONPatchError.Reason) in
            switch holder {
            case .object(var members):
                guard members[token] != nil else { throw .missing }
                members[token] = value
                holder = .object(members)
            case .array(var elements):
                guard let place = JSONPointer.index(token), place < elements.count else { throw .noSuchIndex }
                elements[place] = value
                holder = .array(elements)
            default: throw .notAContainer
            }
        }
    }

    fileprivate mutating func remove(at path: ArraySlice<String>) throws(JSONPatchError.Reason) -> JSONValue {
        if path.isEmpty {
            defer { self = .null }
            return self
        }
        return try edit(path) { (holder, token) throws(JSONPatchError.Reason) in
            switch holder {
            case .object(var members):
                guard let value = members[token] else { throw .missing }
                members[token] = nil
                holder = .object(members)
                return value
            case .array(var elements):
                guard let place = JSONPointer.index(token), place < elements.count else { throw .noSuchIndex }
                let value = elements.remove(at: place)
                holder = .array(elements)
                return value
            default: throw .notAContainer
            }
        }
    }

    /// Equality as RFC 6902 §4.6 has it: numbers by value, however they are written.
    fileprivate func isSame(as other: JSONValue) -> Bool {
        switch (self, other) {
        case (.number, .number), (.number, .integer), (.integer, .number): self == other || double == other.double
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.isSame(as: $1) }
        case (.object(let left), .object(let right)):
            left.count == right.count
                && left.allSatisfy { member in right[member.key].map { member.value.isSame(as: $0) } ?? false }
        default: self == other
        }
    }
}

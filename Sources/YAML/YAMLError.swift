/// A fault in a YAML text: where, and what. Shown as `file:line:column: what`, which editors jump to.
public struct YAMLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file, as the reader named it.
    public let file: String
    /// The place, from 1.
    public let position: YAMLPosition
    /// What is wrong: lower case, one sentence.
    public let message: String

    /// A fault at a place.
    public init(file: String, position: YAMLPosition, message: String) {
        self.file = file
        self.position = position
        self.message = message
    }

    /// `queues.yaml:3:7: the key `name` stands there twice`.
    public var description: String { "\(file):\(position): \(message)" }
}

/// A place in a text. Lines and columns count from 1, columns in Unicode scalars.
public struct YAMLPosition: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The line, from 1.
    public let line: Int
    /// The column, from 1.
    public let column: Int

    /// The place at `line` and `column`.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// Reading order.
    public static func < (left: YAMLPosition, right: YAMLPosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }

    /// `line:column`.
    public var description: String { "\(line):\(column)" }
}

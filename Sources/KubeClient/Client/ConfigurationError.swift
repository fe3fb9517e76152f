/// Everything that is wrong with a cluster configuration, at once.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One sentence each, beginning with `file:line:column: ` where there is a place.
    public let problems: [String]

    /// An error with these problems.
    public init(_ problems: [String]) { self.problems = problems }

    /// One problem a line.
    public var description: String { problems.joined(separator: "\n") }
}

/// A value that cannot be printed: its description is `•••`, whatever looks at it.
///
/// Unwrap it (`reveal()`) only where a header, an environment or a file is built.
public struct Secret<Value: Sendable>: Sendable {
    private let value: Value

    /// Wraps `value`.
    public init(_ value: Value) { self.value = value }

    /// The value itself. Every caller is a place to review.
    public func reveal() -> Value { value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `•••`.
    public var description: String { "•••" }
    /// Always `•••`.
    public var debugDescription: String { "•••" }
    /// Shows nothing inside.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Secret: Equatable where Value: Equatable {}
extension Secret: Hashable where Value: Hashable {}

import Glibc

/// Strings byte for byte. `String`'s own equality takes `é` and `e` + accent for the same; JSON, and every server
/// behind it, does not.
extension String {
    func isExactly(_ other: String) -> Bool {
        // The first two tell nearly all unequal pairs apart, and are the fastest there is for short strings.
        guard utf8.count == other.utf8.count, self == other else { return false }
        let fast = utf8.withContiguousStorageIfAvailable { left -> Bool? in
            other.utf8.withContiguousStorageIfAvailable { right -> Bool in
                guard let left = left.baseAddress, let right = right.baseAddress else { return true }
                return memcmp(left, right, utf8.count) == 0
            }
        }
        if case .some(.some(let answer)) = fast { return answer }
        return utf8.elementsEqual(other.utf8)
    }

    func hashExactly(into hasher: inout Hasher) {
        // As `String` does, so that "ab" + "c" and "a" + "bc" differ.
        hasher.combine(utf8.count)
        let isDone: Void? = utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        if isDone == nil { for byte in utf8 { hasher.combine(byte) } }
    }
}

/// A string as a dictionary's key, byte for byte.
struct ExactKey: Hashable {
    let text: String

    static func == (left: ExactKey, right: ExactKey) -> Bool { left.text.isExactly(right.text) }
    func hash(into hasher: inout Hasher) { text.hashExactly(into: &hasher) }
}

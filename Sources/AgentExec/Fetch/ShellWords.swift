/// Splits `text` into words as a shell would, quotes and backslashes understood, nothing expanded.
/// `nil` when a quote is not closed.
func shellWords(_ text: String) -> [String]? {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var isEscaped = false
    for character in text {
        if isEscaped {
            // Inside double quotes a backslash is itself before anything but these.
            if quote == "\"", character != "\"", character != "\\" { word = (word ?? "") + "\\" }
            word = (word ?? "") + String(character)
            isEscaped = false
        } else if character == "\\", quote != "'" {
            isEscaped = true
            word = word ?? ""
        } else if let open = quote {
            if character == open { quote = nil } else { word = (word ?? "") + String(character) }
        } else if character == "'" || character == "\"" {
            quote = character
            word = word ?? ""
        } else if character.isWhitespace {
            if let done = word { words.append(done) }
            word = nil
        } else {
            word = (word ?? "") + String(character)
        }
    }
    guard quote == nil, !isEscaped else { return nil }
    if let word { words.append(word) }
    return words
}

/// Among `names` the one that `word` was probably meant to be; `nil` when none is near.
func nearest(to word: String, among names: some Sequence<String>) -> String? {
    let lower = word.lowercased()
    let ranked = names.map { (name: $0, distance: editDistance(lower, $0.lowercased())) }
    guard let best = ranked.min(by: { ($0.distance, $0.name) < ($1.distance, $1.name) }) else { return nil }
    // A third of the letters wrong is a slip; more is another word.
    return best.distance <= max(1, word.count / 3) ? best.name : nil
}

/// ` — did you mean `x`?`, or what there is when nothing is near.
func suggestion(for word: String, among names: some Collection<String>) -> String {
    if let near = nearest(to: word, among: names) { return "did you mean `\(near)`?" }
    return names.count <= 16 ? "known: " + names.sorted().joined(separator: ", ") : "see the documentation"
}

/// Letters to add, remove, change or swap with their neighbour (restricted Damerau–Levenshtein) for `left` to be `right`.
private func editDistance(_ left: String, _ right: String) -> Int {
    let a = Array(left.prefix(64)), b = Array(right.prefix(64))
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var rows = Array(repeating: Array(repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in 0...a.count { rows[i][0] = i }
    for j in 0...b.count { rows[0][j] = j }
    for i in 1...a.count {
        for j in 1...b.count {
            let change = a[i - 1] == b[j - 1] ? 0 : 1
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + change)
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
            }
        }
    }
    return rows[a.count][b.count]
}

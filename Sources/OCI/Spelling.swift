// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Finds what a person meant who wrote a word slightly wrong.
public enum Spelling {
    /// The candidate with the least edit distance to `word`, when it is near enough to be a likely slip: at most a
    /// third of the word's length away, and at most three.
    public static func nearest(to word: String, among candidates: some Collection<String>) -> String? {
        let limit = min(3, max(1, word.count / 3))
        var best: (word: String, distance: Int)?
        let length = word.unicodeScalars.count
        for candidate in candidates where abs(candidate.unicodeScalars.count - length) <= limit {
            let distance = distance(Array(word.unicodeScalars), Array(candidate.unicodeScalars))
            guard distance <= limit else { continue }
            // Of several as near, the first by name.
            if let best, (best.distance, best.word) <= (distance, candidate) { continue }
            best = (candidate, distance)
        }
        return best?.word
    }

    /// How many letters have to be added, dropped, replaced or swapped with their neighbour (optimal string alignment).
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let substituted = last[column] + (right[column] == left[row] ? 0 : 1)
                var best = min(substituted, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}

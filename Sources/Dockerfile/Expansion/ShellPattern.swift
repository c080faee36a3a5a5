// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The pattern of `${v#p}` and its kin: `*`, `?` and characters; no brackets.
package struct ShellPattern {
    private enum Element: Equatable {
        case scalar(Unicode.Scalar)
        case any
        case star
    }

    /// Which end of a value to trim.
    enum End { case prefix, suffix }
    /// How much to trim when there is a choice.
    enum Extent { case shortest, longest }
    /// How many matches to replace.
    enum Count { case first, all }

    private var elements: [Element]

    /// Matching costs length of value times length of pattern, so the latter is bounded.
    private static let longest = 4096

    init(_ pattern: ArraySlice<Unicode.Scalar>) throws(DockerfileError) {
        guard pattern.count <= Self.longest else {
            throw DockerfileError("a pattern in a substitution is longer than \(Self.longest) characters")
        }
        elements = []
        var index = pattern.startIndex
        while index < pattern.endIndex {
            let scalar = pattern[index]
            index += 1
            switch scalar {
            case "*": elements.append(.star)
            case "?": elements.append(.any)
            case "\\":
                let next: Unicode.Scalar? = index < pattern.endIndex ? pattern[index] : nil
                // The braces and slashes of ${} need an escape that is not part of the pattern.
                if next == "}" || next == "/" { continue }
                guard let next, next == "*" || next == "?" || next == "\\" else {
                    throw DockerfileError(
                        "invalid pattern (\(String(pattern))) in substitution: invalid escape '\\\(next.map(String.init) ?? "")'"
                    )
                }
                elements.append(.scalar(next))
                index += 1
            default:
                elements.append(.scalar(scalar))
            }
        }
    }

    package init(text: String) throws(DockerfileError) {
        try self.init(Scalars(text.unicodeScalars)[...])
    }

    func trimming(_ value: Scalars, _ end: End, _ extent: Extent) -> Scalars {
        switch end {
        case .prefix:
            guard let match = match(in: value, at: 0, extent) else { return value }
            return Scalars(value[match...])
        case .suffix:
            var mirrored = self
            mirrored.elements.reverse()
            return mirrored.trimming(value.reversed(), .prefix, extent).reversed()
        }
    }

    /// Replaces leftmost and longest matches. Two passes: from the right to learn where matches begin, then from the
    /// left to measure them, so that no text makes it quadratic.
    func replacing(in value: Scalars, with replacement: Scalars, _ count: Count) -> Scalars {
        let starts = matchStarts(in: value)
        var output = Scalars()
        var index = 0
        var previousEnd: Int?
        while index <= value.count {
            if starts[index], let end = match(in: value, at: index, .longest),
                end > index || previousEnd != index
            {
                output += replacement
                previousEnd = end
                if count == .first {
                    output += value[end...]
                    return output
                }
                if end > index {
                    index = end
                    continue
                }
            }
            if index < value.count { output.append(value[index]) }
            index += 1
        }
        return output
    }

    /// Where the shortest or longest match that begins at `start` ends.
    private func match(in value: Scalars, at start: Int, _ extent: Extent) -> Int? {
        var states = [Bool](repeating: false, count: elements.count + 1)
        enter(0, &states)
        var end: Int?
        var index = start
        while true {
            if states[elements.count] {
                end = index
                if extent == .shortest { return end }
            }
            guard index < value.count else { return end }
            guard let following = step(states, value[index]) else { return end }
            states = following
            index += 1
        }
    }

    /// For each index whether some match begins there.
    private func matchStarts(in value: Scalars) -> [Bool] {
        var mirrored = self
        mirrored.elements.reverse()
        var starts = [Bool](repeating: false, count: value.count + 1)
        var states = [Bool](repeating: false, count: elements.count + 1)
        for index in stride(from: value.count, through: 0, by: -1) {
            mirrored.enter(0, &states)
            starts[index] = states[elements.count]
            guard index > 0 else { break }
            states =
                mirrored.step(states, value[index - 1]) ?? [Bool](repeating: false, count: elements.count + 1)
        }
        return starts
    }

    /// Adds a state and those that a star lets one reach for nothing. One that is there has brought its own, so that a
    /// long row of stars costs no more than its length.
    private func enter(_ state: Int, _ states: inout [Bool]) {
        var state = state
        while !states[state] {
            states[state] = true
            guard state < elements.count, elements[state] == .star else { return }
            state += 1
        }
    }

    /// The states after one more scalar; nil when there are none. Neither `*` nor `?` crosses a line end.
    private func step(_ states: [Bool], _ scalar: Unicode.Scalar) -> [Bool]? {
        var following = [Bool](repeating: false, count: states.count)
        var alive = false
        for (state, element) in elements.enumerated() where states[state] {
            switch element {
            case .scalar(let wanted) where wanted == scalar: enter(state + 1, &following)
            case .any where scalar != "\n": enter(state + 1, &following)
            case .star where scalar != "\n": enter(state, &following)
            default: continue
            }
            alive = true
        }
        return alive ? following : nil
    }
}

extension ShellPattern {
    /// The pattern as the anchored, greedy regular expression that the reference implementation makes of it.
    package var regularExpression: String {
        "^"
            + elements.map { element in
                switch element {
                case .star: ".*"
                case .any: "."
                case .scalar(let scalar):
                    "\\*?[]{}.+()|^$".unicodeScalars.contains(scalar) ? "\\\(scalar)" : "\(scalar)"
                }
            }.joined()
    }

    /// The pattern's text from right to left, escapes kept before what they escape.
    package static func reversed(_ text: String) -> String {
        var parts: [Scalars] = []
        let scalars = Scalars(text.unicodeScalars)
        var index = 0
        while index < scalars.count {
            let length = scalars[index] == "\\" && index + 1 < scalars.count ? 2 : 1
            parts.append(Scalars(scalars[index..<index + length]))
            index += length
        }
        return String(parts.reversed().joined())
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A compiled path pattern, run as a set of states over the path: time is at most length times length, whatever the
/// pattern, and nothing backtracks.
struct Wildcard: Hashable, Sendable {
    struct CharacterClass: Hashable, Sendable {
        var isNegated = false
        var ranges: [ClosedRange<UInt32>] = []
        /// As written, for the regular expression.
        var text = ""

        func contains(_ scalar: Unicode.Scalar) -> Bool {
            ranges.contains { $0.contains(scalar.value) } != isNegated
        }
    }

    enum Element: Hashable, Sendable {
        case scalar(Unicode.Scalar, escaped: Bool)
        /// `?`: one character other than a slash.
        case any
        /// `*`: any number of those.
        case star
        case oneOf(CharacterClass)
        /// `**/`: nothing, or anything up to a slash.
        case directories
        /// `**` at the end: anything.
        case anything
    }

    var elements: [Element]

    /// Where a walk over a path stands.
    struct States {
        fileprivate var active: [Bool]
        /// Whether some longer path may yet match.
        fileprivate(set) var isAlive = true
    }

    func start() -> States {
        var states = States(active: [Bool](repeating: false, count: elements.count + 1))
        enter(0, &states.active)
        return states
    }

    func accepts(_ states: States) -> Bool { states.active[elements.count] }

    func advance(_ states: inout States, over scalar: Unicode.Scalar) {
        guard states.isAlive else { return }
        var following = [Bool](repeating: false, count: elements.count + 1)
        var alive = false
        for (state, element) in elements.enumerated() where states.active[state] {
            switch element {
            case .scalar(let wanted, _):
                guard wanted == scalar else { continue }
                enter(state + 1, &following)
            case .any:
                guard scalar != "/" else { continue }
                enter(state + 1, &following)
            case .star:
                guard scalar != "/" else { continue }
                enter(state, &following)
            case .oneOf(let characters):
                guard characters.contains(scalar) else { continue }
                enter(state + 1, &following)
            case .directories:
                // Inside the part that ends with a slash there is no way past it but that slash.
                following[state] = true
                if scalar == "/" { enter(state + 1, &following) }
            case .anything:
                enter(state, &following)
            }
            alive = true
        }
        states.active = following
        states.isAlive = alive
    }

    /// Whether the whole path matches.
    func matches(_ path: String) -> Bool {
        var states = start()
        for scalar in path.unicodeScalars {
            advance(&states, over: scalar)
            guard states.isAlive else { return false }
        }
        return accepts(states)
    }

    /// Whether the path or one of the directories that it is in matches: one walk answers for all.
    func matchesPathOrParent(_ path: String) -> Bool {
        var states = start()
        var previous: Unicode.Scalar?
        for scalar in path.unicodeScalars {
            if scalar == "/", previous != nil, accepts(states) { return true }
            advance(&states, over: scalar)
            guard states.isAlive else { return false }
            previous = scalar
        }
        return accepts(states)
    }

    private func enter(_ state: Int, _ active: inout [Bool]) {
        var state = state
        while true {
            active[state] = true
            guard state < elements.count else { return }
            switch elements[state] {
            case .star, .directories, .anything: state += 1
            case .scalar, .any, .oneOf: return
            }
        }
    }

    /// Reads a `[…]` after its opening bracket; Go's `filepath.Match` says what is one.
    static func characterClass(
        _ scalars: Scalars, _ index: inout Int, in pattern: String
    ) throws(DockerfileError) -> CharacterClass {
        let bad = DockerfileError("syntax error in pattern \(GoQuoting.quoted(pattern))", culprit: pattern)
        let start = index
        var result = CharacterClass()
        if index < scalars.count, scalars[index] == "^" {
            result.isNegated = true
            index += 1
        }
        func bound() throws(DockerfileError) -> UInt32 {
            guard index < scalars.count, scalars[index] != "-", scalars[index] != "]" else { throw bad }
            if scalars[index] == "\\" { index += 1 }
            guard index + 1 < scalars.count else { throw bad }
            defer { index += 1 }
            return scalars[index].value
        }
        while result.ranges.isEmpty || index >= scalars.count || scalars[index] != "]" {
            let low = try bound()
            var high = low
            if scalars[index] == "-" {
                index += 1
                high = try bound()
            }
            guard low <= high else { throw bad }
            result.ranges.append(low...high)
        }
        result.text = String(scalars[start..<index])
        index += 1
        return result
    }
}

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

    private let elements: [Element]

    init(elements: [Element]) {
        var merged: [Element] = []
        for element in elements {
            switch element {
            case .star, .directories, .anything:
                if merged.last != element { merged.append(element) }
            case .scalar, .any, .oneOf:
                merged.append(element)
            }
        }
        self.elements = merged
    }

    /// Where a walk over a path stands.
    struct States {
        fileprivate var active = StateSet()
        /// Whether some longer path may yet match.
        var isAlive: Bool { !active.isEmpty }
    }

    func start() -> States {
        var states = States()
        enter(0, &states.active)
        return states
    }

    func accepts(_ states: States) -> Bool { states.active.contains(elements.count) }

    func advance(_ states: inout States, over scalar: Unicode.Scalar) {
        var following = StateSet()
        states.active.forEach { state in
            guard state < elements.count else { return }
            switch elements[state] {
            case .scalar(let wanted, _):
                if wanted == scalar { enter(state + 1, &following) }
            case .any:
                if scalar != "/" { enter(state + 1, &following) }
            case .star:
                if scalar != "/" { enter(state, &following) }
            case .oneOf(let characters):
                if characters.contains(scalar) { enter(state + 1, &following) }
            case .directories:
                // Inside the part that ends with a slash there is no way past it but that slash.
                following.insert(state)
                if scalar == "/" { enter(state + 1, &following) }
            case .anything:
                enter(state, &following)
            }
        }
        states.active = following
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

    /// Adds a state and those that elements which may match nothing let one reach; ``elements`` holds no long run of
    /// such, since equal neighbours are one.
    private func enter(_ state: Int, _ active: inout StateSet) {
        var state = state
        while true {
            active.insert(state)
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

/// A set of small numbers; up to 63 cost no allocation, and few patterns need more.
private struct StateSet {
    private var first: UInt64 = 0
    private var rest: [UInt64] = []

    var isEmpty: Bool { first == 0 && rest.allSatisfy { $0 == 0 } }

    func contains(_ number: Int) -> Bool {
        if number < 64 { return first & 1 << number != 0 }
        let word = number / 64 - 1
        return word < rest.count && rest[word] & 1 << (number % 64) != 0
    }

    mutating func insert(_ number: Int) {
        if number < 64 {
            first |= 1 << number
            return
        }
        let word = number / 64 - 1
        while rest.count <= word { rest.append(0) }
        rest[word] |= 1 << (number % 64)
    }

    func forEach(_ body: (Int) -> Void) {
        Self.forEach(in: first, from: 0, body)
        for (index, word) in rest.enumerated() where word != 0 { Self.forEach(in: word, from: 64 * (index + 1), body) }
    }

    private static func forEach(in word: UInt64, from base: Int, _ body: (Int) -> Void) {
        var bits = word
        while bits != 0 {
            body(base + bits.trailingZeroBitCount)
            bits &= bits - 1
        }
    }
}

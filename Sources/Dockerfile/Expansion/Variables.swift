// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The variables that an instruction sees: names and values in order, each name once, the last value winning.
public struct Variables: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// The names in the order in which they were first set.
    public private(set) var names: [String] = []
    private var values: [String: String] = [:]

    public init() {}

    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { self[name] = value }
    }

    /// From `NAME=value` lines, as an image's config holds them; a line without `=` sets the empty value.
    public init(lines: some Sequence<String>) {
        for line in lines {
            let (name, value) = line.cut(at: "=")
            self[String(name)] = value.map { String($0) } ?? ""
        }
    }

    /// The value of a name; nil when it is not set. Setting an existing name keeps its place.
    public subscript(name: String) -> String? {
        get { values[name] }
        set {
            guard let newValue else {
                guard values.removeValue(forKey: name) != nil else { return }
                // Who takes back what was set last need not look at all the others.
                if names.last == name { names.removeLast() } else { names.removeAll { $0 == name } }
                return
            }
            if values.updateValue(newValue, forKey: name) == nil { names.append(name) }
        }
    }

    public var isEmpty: Bool { names.isEmpty }

    /// Names with values, in order.
    public var pairs: [(name: String, value: String)] { names.map { ($0, values[$0] ?? "") } }

    /// `NAME=value` lines, in order.
    public var lines: [String] { pairs.map { "\($0.name)=\($0.value)" } }

    /// Sets all of `other`, in its order.
    public mutating func merge(_ other: Variables) {
        for (name, value) in other.pairs { self[name] = value }
    }
}

/// Which variables an expansion asked for.
public struct VariableUsage: Hashable, Sendable {
    /// Those that were set.
    public var met: Set<String> = []
    /// Those that were not.
    public var unmet: Set<String> = []
    /// How many bytes of text expansion has made.
    var expandedLength = 0

    public init() {}

    mutating func merge(_ other: VariableUsage) {
        met.formUnion(other.met)
        unmet.formUnion(other.unmet)
        expandedLength += other.expandedLength
    }
}

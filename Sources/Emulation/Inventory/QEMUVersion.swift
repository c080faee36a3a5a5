// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A version of QEMU, as its programs print it.
public struct QEMUVersion: Hashable, Sendable {
    /// The version with what a distribution adds, as in `7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)`.
    public let text: String
    /// Its numbers, as in 7, 2, 22.
    public let numbers: [Int]

    /// Reads the text of a version; nil when it does not begin with a number.
    public init?(_ text: String) {
        let word = text.prefix { $0 != " " && $0 != "-" && $0 != "+" && $0 != "~" }
        let numbers = word.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.allSatisfy({ ($0 ?? -1) >= 0 }) else { return nil }
        self.text = text
        self.numbers = numbers.compactMap(\.self)
    }

    /// The numbers alone, as in `7.2.22`.
    public var number: String { numbers.map(String.init).joined(separator: ".") }

    /// Whether this is a version that `wanted` names: the whole text, the number, or the number's beginning
    /// (`7.2` is each 7.2.x).
    public func matches(_ wanted: String) -> Bool {
        if wanted == text || wanted == number { return true }
        guard let other = QEMUVersion(wanted), other.number == wanted else { return false }
        return numbers.starts(with: other.numbers)
    }

    /// Whether it knows the kernel's sign that a handler has flag P (since 6.0).
    public var knowsPreservedName: Bool { (numbers.first ?? 0) >= 6 }
}

extension QEMUVersion: Comparable {
    public static func < (one: QEMUVersion, other: QEMUVersion) -> Bool {
        one.numbers == other.numbers ? one.text < other.text : one.numbers.lexicographicallyPrecedes(other.numbers)
    }
}

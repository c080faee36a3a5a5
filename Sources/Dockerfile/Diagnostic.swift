// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A remark about a Dockerfile that builds all the same.
public struct Diagnostic: Hashable, Sendable {
    /// The name of the rule, as BuildKit names it where it has the rule.
    public var rule: String
    /// The sentence to show.
    public var message: String
    /// The lines that it is about, counted from one.
    public var lines: ClosedRange<Int>

    public init(rule: String, message: String, lines: ClosedRange<Int>) {
        self.rule = rule
        self.message = message
        self.lines = lines
    }
}

extension Diagnostic: CustomStringConvertible {
    public var description: String { "\(rule): \(message) (line \(lines.lowerBound))" }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A pattern of COPY and ADD sources, as Go's `filepath.Match`: `*`, `?`, `[a-z]`, `[^x]`, `\`; none crosses a slash.
public struct PathPattern: Hashable, Sendable {
    private let wildcard: Wildcard
    /// The pattern as given.
    public let text: String

    /// - Throws: ``DockerfileError`` without lines when the pattern is malformed.
    public init(_ text: String) throws(DockerfileError) {
        self.text = text
        let scalars = Scalars(text.unicodeScalars)
        var elements: [Wildcard.Element] = []
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            switch scalar {
            case "*":
                elements.append(.star)
            case "?":
                elements.append(.any)
            case "[":
                elements.append(.oneOf(try Wildcard.characterClass(scalars, &index, in: text)))
            case "\\":
                guard index < scalars.count else {
                    throw DockerfileError("syntax error in pattern \(GoQuoting.quoted(text))", culprit: text)
                }
                elements.append(.scalar(scalars[index], escaped: true))
                index += 1
            default:
                elements.append(.scalar(scalar, escaped: false))
            }
        }
        wildcard = Wildcard(elements: elements)
    }

    /// Whether the whole path matches.
    public func matches(_ path: String) -> Bool { wildcard.matches(path) }

    /// Whether a source has wildcards at all; one without names one path, which must be there.
    public static func hasWildcards(_ text: String) -> Bool {
        text.unicodeScalars.contains { $0 == "*" || $0 == "?" || $0 == "[" }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// One instruction as it is lexed: keyword, flags and words, nothing checked or understood.
package struct Node: Sendable {
    /// The first word, as written.
    package var keyword: String
    /// `--flag` words between the keyword and the rest.
    package var flags: [String] = []
    /// The other words, split as the keyword demands.
    package var words: [String] = []
    /// Whether the words came from a JSON array.
    package var isJSON = false
    /// The instruction inside an ONBUILD: none or one.
    package var trigger: [Node] = []
    /// Bodies of heredocs, in the order in which they were opened.
    package var heredocs: [Heredoc] = []
    /// The physical lines joined to one, comments dropped.
    package var text: String
    /// The physical lines, counted from one, heredocs included.
    package var lines: ClosedRange<Int>
    /// Comment lines that stand above, without `#`.
    package var comments: [String] = []
    /// Whether ENV or LABEL was written without `=`.
    var isLegacyKeyValue = false

    var canOpenHeredocs: Bool {
        let node = keyword.lowercased() == "onbuild" ? trigger.first ?? self : self
        return ["add", "copy", "run"].contains(node.keyword.lowercased()) && !node.isJSON
    }

    /// The node as one S-expression without the outer brackets, in the form of BuildKit's parser dump.
    package var dump: String {
        var parts = [keyword.lowercased()]
        if !flags.isEmpty { parts.append(GoQuoting.quoted(flags)) }
        parts += trigger.map { "(" + $0.dump + ")" }
        parts += words.map { GoQuoting.quoted($0) }
        return parts.joined(separator: " ")
    }
}

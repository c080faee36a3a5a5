// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Text that stands in the Dockerfile itself, between `<<NAME` and a line that says `NAME`.
public struct Heredoc: Hashable, Sendable {
    /// The delimiter without quotes; the file's name when it is copied.
    public var name: String
    /// Whether variables in the content are expanded: the delimiter had no quotes.
    public var expands: Bool
    /// Whether tabs at the start of its lines are dropped: `<<-`.
    public var stripsTabs: Bool
    /// The number before `<<`, zero when there is none.
    public var fileDescriptor: UInt
    /// The lines as they stand in the file, with their ends, tabs not yet dropped.
    public var rawContent: String

    /// The lines with leading tabs dropped where `<<-` asks for it.
    public var content: String { stripsTabs ? Self.strippingTabs(rawContent) : rawContent }

    private static func strippingTabs(_ text: String) -> String {
        var output = String.UnicodeScalarView()
        var atLineStart = true
        for scalar in text.unicodeScalars {
            if atLineStart, scalar == "\t" { continue }
            atLineStart = scalar == "\n"
            output.append(scalar)
        }
        return String(output)
    }

    /// Reads a shell word such as `<<EOF`, `3<<-'END'`.
    ///
    /// - Returns: nil when the word does not open a heredoc.
    /// - Throws: When quotes in the delimiter do not match.
    init?(word: some StringProtocol) throws(DockerfileError) {
        var rest = Substring(word).unicodeScalars
        var digits = ""
        while let first = rest.first, first.isASCIIDigit {
            digits.unicodeScalars.append(first)
            rest.removeFirst()
        }
        for _ in 0..<2 {
            guard rest.first == "<" else { return nil }
            rest.removeFirst()
        }
        stripsTabs = rest.first == "-"
        if stripsTabs { rest.removeFirst() }
        while let first = rest.first, first.isSpace { rest.removeFirst() }
        guard !rest.isEmpty, !rest.contains("<") else { return nil }

        let delimiter = String(rest)
        let plain = try Expander.plain(.processed).words(of: delimiter)
        guard plain.count == 1, let name = plain.first else { return nil }
        let raw = try Expander.plain(.kept).words(of: delimiter)
        guard raw.count == 1, let rawName = raw.first else { return nil }
        self.name = name
        // A quote that is there in the raw word and gone in the other quoted some part of the delimiter.
        expands = Self.quotes(in: name) == Self.quotes(in: rawName)
        fileDescriptor = UInt(digits) ?? 0
        rawContent = ""
    }

    private static func quotes(in text: String) -> Int {
        text.unicodeScalars.count { $0 == "'" || $0 == "\"" }
    }
}

extension Heredoc {
    /// The heredocs that a joined instruction line opens, in order, without content.
    static func opened(by line: String) throws(DockerfileError) -> [Heredoc] {
        guard line.contains("<<") else { return [] }
        let expander = Expander(
            escape: "\\", quotes: .kept, keepsEscapes: true, keepsUnset: true)
        // A line whose quotes do not match opens none: the shell, not this parser, will complain of it.
        guard let words = try? expander.words(of: line) else { return [] }
        var heredocs: [Heredoc] = []
        for word in words where word.contains("<<") {
            if let heredoc = try Heredoc(word: word) { heredocs.append(heredoc) }
        }
        return heredocs
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Turns the text of a Dockerfile into nodes: joins continued lines, drops comments, collects heredocs.
struct Lexer {
    /// Every line with its end.
    private let source: [Substring]
    /// The index of the line that comes next.
    private var next = 0
    private var acceptsDirectives = true
    private(set) var directives = Directives()
    private(set) var nodes: [Node] = []
    private(set) var warnings: [Diagnostic] = []

    /// BuildKit's scanner reads lines of up to this many bytes.
    private static let longestLine = 65535

    init(text: String) {
        source = Self.split(text)
    }

    /// The lines without their ends, as a person sees them.
    var lines: [String] { source.map { String($0.withoutLineEnding) } }

    private static func split(_ text: String) -> [Substring] {
        var lines: [Substring] = []
        var start = text.startIndex
        while start < text.endIndex {
            let feed = text.utf8[start...].firstIndex(of: UInt8(ascii: "\n"))
            let end = feed.map { text.utf8.index(after: $0) } ?? text.endIndex
            lines.append(text[start..<end])
            start = end
        }
        return lines
    }

    mutating func run() throws(DockerfileError) {
        for (index, line) in source.enumerated() where line.utf8.count > Self.longestLine {
            // The line feed does not count.
            guard line.utf8.count > Self.longestLine + 1 || line.utf8.last != UInt8(ascii: "\n") else { continue }
            throw DockerfileError(
                "dockerfile line greater than max allowed size of \(Self.longestLine)", lines: index + 1...index + 1)
        }
        try readShebangDirectives()
        var comments: [String] = []
        while next < source.count {
            let start = next + 1
            let line = source[next].withoutLineEnding.trimmedLeft
            next += 1
            if try readDirective(line, at: start) { continue }
            if line.unicodeScalars.first == "#" {
                let comment = line.dropFirst().trimmed
                if comment.isEmpty { comments = [] } else { comments.append(String(comment)) }
                continue
            }
            if line.isEmpty { continue }
            try readInstruction(startingWith: line, at: start, comments: comments)
            comments = []
        }
        guard !nodes.isEmpty else { throw DockerfileError("file with no instructions") }
        if let warning = directives.warning { warnings.append(warning) }
    }

    /// Directives stand at the very top; the first line that is none ends them.
    private mutating func readDirective(_ line: Substring, at number: Int) throws(DockerfileError) -> Bool {
        guard acceptsDirectives else { return false }
        guard let (name, value) = Directives.directive(in: line) else {
            acceptsDirectives = false
            return false
        }
        try directives.set(name, to: value, line: number)
        return true
    }

    /// After a `#!` line only `syntax` and `check` are looked for; the line itself is a comment like others.
    private mutating func readShebangDirectives() throws(DockerfileError) {
        guard let first = source.first, first.startsWith("#!") else { return }
        for (index, line) in source.enumerated().dropFirst() {
            guard let (name, value) = Directives.directive(in: line.withoutLineEnding) else { return }
            if name != "escape" { try directives.set(name, to: value, line: index + 1) }
        }
    }

    private mutating func readInstruction(
        startingWith first: Substring, at start: Int, comments: [String]
    ) throws(DockerfileError) {
        var (part, continues) = continuation(of: first)
        var line = String(part)
        var emptyLine: Int?
        while continues, next < source.count {
            let physical = source[next].withoutLineEnding
            next += 1
            let content = physical.trimmedLeft
            if content.unicodeScalars.first == "#" { continue }
            if content.isEmpty {
                emptyLine = emptyLine ?? next
                continue
            }
            (part, continues) = continuation(of: physical)
            line += part
        }
        if emptyLine != nil {
            warnings.append(
                Diagnostic(rule: "NoEmptyContinuation", message: "Empty continuation line", lines: start...next))
        }
        var node = try Node(line: line, lines: start...next, escape: directives.escape, comments: comments)
        if node.canOpenHeredocs { try readHeredocs(into: &node, start: start) }
        if node.isLegacyKeyValue {
            let keyword = node.keyword.uppercased()
            warnings.append(
                Diagnostic(
                    rule: "LegacyKeyValueFormat",
                    message:
                        "\"\(keyword) key=value\" should be used instead of legacy \"\(keyword) key value\" format",
                    lines: node.lines))
        }
        nodes.append(node)
    }

    /// The line without its continuation mark, and whether it had one: one escape at the end, blanks after it allowed.
    private func continuation(of line: Substring) -> (Substring, Bool) {
        var view = line.unicodeScalars
        while let last = view.last, last == " " || last == "\t" { view.removeLast() }
        guard view.last == directives.escape else { return (line, false) }
        view.removeLast()
        guard view.last != directives.escape else { return (line, false) }
        return (Substring(view), true)
    }

    private mutating func readHeredocs(into node: inout Node, start: Int) throws(DockerfileError) {
        let heredocs: [Heredoc]
        do throws(DockerfileError) {
            heredocs = try Heredoc.opened(by: node.text)
        } catch {
            throw error.at(node.lines)
        }
        for var heredoc in heredocs {
            var content = ""
            var terminated = false
            while next < source.count, !terminated {
                let raw = source[next]
                next += 1
                var line = raw.withoutLineEnding.unicodeScalars
                if heredoc.stripsTabs { while line.first == "\t" { line.removeFirst() } }
                terminated = line.elementsEqual(heredoc.name.unicodeScalars)
                if !terminated { content += raw }
            }
            guard terminated else {
                throw DockerfileError(
                    "unterminated heredoc: there is no line that says \(heredoc.name)",
                    lines: node.lines,
                    culprit: "<<")
            }
            heredoc.rawContent = content
            node.heredocs.append(heredoc)
        }
        node.lines = start...next
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The patterns of a `.dockerignore` or of `--exclude`: which paths do not count.
///
/// Each pattern is Go's `filepath.Match` plus `**`, which stands for any number of directories; `!` takes paths back;
/// a pattern that matches a directory matches all that is in it; the last pattern that matches decides.
public struct IgnorePatterns: Hashable, Sendable {
    fileprivate struct Pattern: Hashable, Sendable {
        var wildcard: Wildcard
        /// The path, when the pattern is nothing but one.
        var literal: String?
        var isException: Bool
    }

    private var patterns: [Pattern] = []

    /// Parses the text of a `.dockerignore`: one pattern a line, `#` at the very beginning makes a comment.
    ///
    /// - Throws: ``DockerfileError`` with the line in that file.
    public init(parsing text: String) throws(DockerfileError) {
        for (line, pattern) in Self.numberedLines(of: text) {
            do throws(DockerfileError) {
                try append(pattern)
            } catch {
                throw error.at(line...line)
            }
        }
    }

    /// The patterns in an ignore file's text, cleaned, not yet compiled.
    package static func lines(of text: String) -> [String] { numberedLines(of: text).map(\.pattern) }

    private static func numberedLines(of text: String) -> [(line: Int, pattern: String)] {
        let text = text.unicodeScalars.first == "\u{FEFF}" ? Substring(text.unicodeScalars.dropFirst()) : text[...]
        var result: [(line: Int, pattern: String)] = []
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let line = Substring(line)
            if line.unicodeScalars.first == "#" { continue }
            var pattern = line.trimmed
            if pattern.isEmpty { continue }
            let isException = pattern.unicodeScalars.first == "!"
            if isException { pattern = Substring(pattern.unicodeScalars.dropFirst()).trimmed }
            var cleaned = pattern.isEmpty ? "" : Paths.clean(String(pattern))
            if cleaned.utf8.count > 1, cleaned.startsWith("/") { cleaned.removeFirst() }
            result.append((index + 1, isException ? "!" + cleaned : cleaned))
        }
        return result
    }

    /// From patterns, as `--exclude` gives them.
    ///
    /// - Throws: ``DockerfileError`` without lines.
    public init(_ patterns: [String]) throws(DockerfileError) {
        for pattern in patterns { try append(pattern) }
    }

    public var isEmpty: Bool { patterns.isEmpty }
    /// How many patterns there are, empty ones left out.
    public var count: Int { patterns.count }
    /// Whether some pattern takes paths back.
    public var hasExceptions: Bool { patterns.contains(where: \.isException) }

    private mutating func append(_ text: String) throws(DockerfileError) {
        let trimmed = text.trimmed
        guard !trimmed.isEmpty else { return }
        var cleaned = Paths.clean(String(trimmed))
        let isException = cleaned.unicodeScalars.first == "!"
        if isException {
            cleaned.removeFirst()
            guard !cleaned.isEmpty else {
                throw DockerfileError("illegal exclusion pattern: \"!\"", culprit: "!")
            }
        }
        let compiled = try Compiled(cleaned)
        patterns.append(
            Pattern(
                wildcard: compiled.wildcard, literal: compiled.form == .exact ? cleaned : nil,
                isException: isException))
    }

    /// Whether a path, relative and parted by slashes, is ignored: itself or by a directory that it is in.
    public func matches(_ path: String) -> Bool {
        let path = Paths.clean(path)
        guard path != "." else { return false }
        var ignored = false
        // Only a pattern that would change the answer is looked at.
        for pattern in patterns where pattern.isException == ignored {
            if pattern.matches(path) { ignored = !pattern.isException }
        }
        return ignored
    }

    /// Whether something below a directory may match.
    public func mayMatch(below directory: String) -> Bool {
        patterns.contains { !$0.isException && $0.mayMatch(below: Paths.clean(directory) + "/") }
    }

    /// Whether a directory is ignored and no exception can take back anything below it, so that a walk may leave it out.
    public func canSkip(directory path: String) -> Bool {
        guard matches(path) else { return false }
        let below = Paths.clean(path) + "/"
        return !patterns.contains { $0.isException && $0.mayMatch(below: below) }
    }
}

extension IgnorePatterns.Pattern {
    fileprivate func matches(_ path: String) -> Bool {
        guard let literal else { return wildcard.matchesPathOrParent(path) }
        guard path.startsWith(literal) else { return false }
        let rest = path.utf8.dropFirst(literal.utf8.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "/")
    }

    fileprivate func mayMatch(below directory: String) -> Bool {
        var states = wildcard.start()
        for scalar in directory.unicodeScalars {
            // An exception that names a parent takes back everything in it.
            if scalar == "/", wildcard.accepts(states) { return true }
            wildcard.advance(&states, over: scalar)
            guard states.isAlive else { return false }
        }
        return true
    }
}

extension IgnorePatterns {
    /// How the reference implementation matches a pattern, which for `**` at the ends differs from the rule.
    package enum Form: String, Sendable {
        case exact = "exactMatch"
        case prefix = "prefixMatch"
        case suffix = "suffixMatch"
        case regularExpression = "regexpMatch"
    }

    /// One cleaned pattern without `!`.
    package struct Compiled: Sendable {
        package let form: Form
        private let elements: [Wildcard.Element]
        let wildcard: Wildcard

        package init(_ pattern: String) throws(DockerfileError) {
            let scalars = Scalars(pattern.unicodeScalars)
            var elements: [Wildcard.Element] = []
            var form = Form.exact
            var index = 0
            while index < scalars.count {
                let position = index
                let scalar = scalars[index]
                index += 1
                switch scalar {
                case "*":
                    guard index < scalars.count, scalars[index] == "*" else {
                        elements.append(.star)
                        form = .regularExpression
                        continue
                    }
                    index += 1
                    if index < scalars.count, scalars[index] == "/" { index += 1 }
                    if index == scalars.count {
                        elements.append(.anything)
                        form = form == .exact ? .prefix : .regularExpression
                    } else {
                        elements.append(.directories)
                        form = .regularExpression
                    }
                    if position == 0 { form = .suffix }
                case "?":
                    elements.append(.any)
                    form = .regularExpression
                case "[":
                    elements.append(.oneOf(try Wildcard.characterClass(scalars, &index, in: pattern)))
                    form = .regularExpression
                case "]":
                    elements.append(.scalar(scalar, escaped: false))
                    form = .regularExpression
                case "\\":
                    guard index < scalars.count else {
                        throw DockerfileError("syntax error in pattern \(GoQuoting.quoted(pattern))", culprit: pattern)
                    }
                    elements.append(.scalar(scalars[index], escaped: true))
                    index += 1
                    form = .regularExpression
                default:
                    elements.append(.scalar(scalar, escaped: false))
                }
            }
            // "**file" matches by the end of the path alone, so "xfile", too; "**/file" does not.
            if form == .suffix, scalars.count > 2, scalars[2] != "/" { elements[0] = .anything }
            self.form = form
            self.elements = elements
            wildcard = Wildcard(elements: elements)
        }

        /// The regular expression of the reference implementation; empty for the forms that need none.
        package var regularExpression: String {
            guard form == .regularExpression else { return "" }
            return "^"
                + elements.map { element in
                    switch element {
                    case .scalar(let scalar, let escaped):
                        escaped || ".+()|{}$".unicodeScalars.contains(scalar) ? "\\\(scalar)" : "\(scalar)"
                    case .any: "[^/]"
                    case .star: "[^/]*"
                    case .oneOf(let characters): "[\(characters.text)]"
                    case .directories: "(.*/)?"
                    case .anything: ".*"
                    }
                }.joined() + "$"
        }
    }
}

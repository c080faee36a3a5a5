// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Expands variables in words the way Dockerfiles do: much of a POSIX shell's parameter expansion, none of its rest.
///
/// `$v ${v} ${v:-w} ${v-w} ${v:+w} ${v+w} ${v:?e} ${v?e} ${v#p} ${v##p} ${v%p} ${v%%p} ${v/p/r} ${v//p/r}`.
public struct Expander: Hashable, Sendable {
    /// What happens to quotes.
    public enum Quotes: Hashable, Sendable {
        /// They group, and disappear.
        case processed
        /// They group, and stay.
        case kept
        /// They are characters like others.
        case literal
    }

    /// What takes away the meaning of the next character: the Dockerfile's `escape` directive.
    public var escape: Unicode.Scalar
    public var quotes: Quotes
    /// Whether escapes stay in the result.
    public var keepsEscapes: Bool
    /// Whether a variable that is not set stays as it is written.
    public var keepsUnset: Bool

    public init(
        escape: Unicode.Scalar = "\\", quotes: Quotes = .processed, keepsEscapes: Bool = false, keepsUnset: Bool = false
    ) {
        self.escape = escape
        self.quotes = quotes
        self.keepsEscapes = keepsEscapes
        self.keepsUnset = keepsUnset
    }

    /// How the content of a heredoc is expanded: quotes mean nothing there, and the escape is always a backslash.
    public static let heredoc = Expander(quotes: .literal)

    static func plain(_ quotes: Quotes) -> Expander { Expander(quotes: quotes, keepsUnset: true) }

    /// The word with its variables replaced.
    ///
    /// - Throws: ``DockerfileError`` without lines, for bad substitutions, unmatched quotes and `${v:?message}`.
    public func expand(_ word: String, with variables: Variables) throws(DockerfileError) -> String {
        var usage = VariableUsage()
        return try expand(word, with: variables, usage: &usage)
    }

    /// The word with its variables replaced; what it asked for is added to `usage`.
    public func expand(
        _ word: String, with variables: Variables, usage: inout VariableUsage
    ) throws(DockerfileError) -> String {
        try run(word, with: variables, usage: &usage).text
    }

    /// The word with its variables replaced, then split where blanks stand that no quote protects (EXPOSE).
    public func expandWords(
        _ word: String, with variables: Variables, usage: inout VariableUsage
    ) throws(DockerfileError) -> [String] {
        try run(word, with: variables, usage: &usage).words
    }

    /// The shell words of a text, with no variable set.
    func words(of text: String) throws(DockerfileError) -> [String] {
        var usage = VariableUsage()
        return try run(text, with: Variables(), usage: &usage).words
    }

    private func run(
        _ word: String, with variables: Variables, usage: inout VariableUsage
    ) throws(DockerfileError) -> (text: String, words: [String]) {
        var scanner = WordScanner(word, expander: self, variables: variables)
        defer { usage.merge(scanner.usage) }
        do throws(DockerfileError) {
            let result = try scanner.all()
            scanner.usage.expandedLength = result.text.utf8.count
            return result
        } catch {
            throw DockerfileError("failed to process \(GoQuoting.quoted(word)): \(error.message)", culprit: word)
        }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Something in a Dockerfile or a `.dockerignore` that cannot be built, and where it stands.
public struct DockerfileError: Error, Hashable, Sendable {
    /// What is wrong, in BuildKit's words where those are good.
    public var message: String
    /// The lines of the source that it is about, counted from one; nil when the text was not part of a file.
    public var lines: ClosedRange<Int>?
    /// The part of those lines that is to blame, for the caret.
    public var culprit: String?
    /// What the person probably meant.
    public var suggestion: String?

    public init(
        _ message: String, lines: ClosedRange<Int>? = nil, culprit: String? = nil, suggestion: String? = nil
    ) {
        self.message = message
        self.lines = lines
        self.culprit = culprit
        self.suggestion = suggestion
    }

    /// What to do about it, when that is known.
    public var remedy: String? { suggestion.map { "write \($0)" } }

    /// The error with the lines of the instruction that it came from, unless it has lines already.
    public func at(_ lines: ClosedRange<Int>) -> DockerfileError {
        var copy = self
        if copy.lines == nil { copy.lines = lines }
        return copy
    }

    /// The message with the spelling that was probably meant.
    public var sentence: String { suggestion.map { "\(message) (did you mean \($0)?)" } ?? message }

    /// The error as a compiler shows one: file and line, the source lines, a caret under the place where it is known.
    ///
    /// - Parameters:
    ///   - fileName: The name to show, as the person wrote it.
    ///   - source: The lines of the file, as in ``Dockerfile/lines``.
    /// - Returns: Several lines of text without an end of line.
    public func rendered(fileName: String, source: [String]) -> String {
        guard let lines, lines.lowerBound >= 1, lines.lowerBound <= source.count else {
            return "\(fileName): \(sentence)"
        }
        let last = min(lines.upperBound, source.count)
        let width = String(last).utf8.count
        var output = ["\(fileName):\(lines.lowerBound): \(sentence)"]
        var pointed = false
        // A long heredoc is not repeated whole: the place, or else its first lines, say enough.
        var shown = 0
        for number in lines.lowerBound...last {
            let line = source[number - 1]
            let place = pointed ? nil : culprit.flatMap { Self.place(of: $0, in: line) }
            if shown >= Self.shownLines, place == nil { continue }
            shown += 1
            output.append("\(Self.padded(String(number), width)) | \(line)")
            if let place {
                pointed = true
                output.append("\(Self.padded("", width)) | \(place)")
            }
        }
        return output.joined(separator: "\n")
    }

    private static let shownLines = 12

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.utf8.count) + 2) + text
    }

    /// Carets under the first occurrence of `text` in `line`; tabs are kept so that they line up.
    private static func place(of text: String, in line: String) -> String? {
        guard !text.isEmpty, let range = line.firstRange(of: text) else { return nil }
        let before = line[..<range.lowerBound].map { $0 == "\t" ? "\t" : " " }
        return before.joined() + String(repeating: "^", count: max(1, line[range].count))
    }
}

extension DockerfileError: CustomStringConvertible {
    public var description: String {
        guard let lines else { return sentence }
        return lines.count == 1
            ? "line \(lines.lowerBound): \(sentence)" : "lines \(lines.lowerBound)-\(lines.upperBound): \(sentence)"
    }
}

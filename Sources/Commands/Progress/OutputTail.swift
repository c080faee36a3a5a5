// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The last lines that a step printed, kept in case it fails.
package struct OutputTail: Sendable {
    /// One line and when it came.
    package struct Line: Sendable, Hashable {
        /// Since the step began.
        package let elapsed: Duration
        package let text: String

        package init(elapsed: Duration, text: String) {
            self.elapsed = elapsed
            self.text = text
        }
    }

    /// At most so many lines are kept.
    package static let lineLimit = 50
    /// At most so many bytes are kept, though always the last line.
    package static let byteLimit = 16 * 1024

    /// The kept lines, oldest first.
    package private(set) var lines: [Line] = []
    private var byteCount = 0

    package init() {}

    /// Adds a line and forgets what is too old.
    package mutating func append(_ line: Line) {
        lines.append(line)
        byteCount += line.text.utf8.count
        while lines.count > Self.lineLimit || (byteCount > Self.byteLimit && lines.count > 1) {
            byteCount -= lines.removeFirst().text.utf8.count
        }
    }
}

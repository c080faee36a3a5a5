// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import OCI

/// Tells people about a step that failed: what it printed last, where it is in the Dockerfile, what went wrong.
///
///     ------
///      > [linux/arm64 build 2/5] RUN make:
///     1.23 make: *** No targets.  Stop.
///     ------
///     Dockerfile:7
///        5 |     WORKDIR /src
///        6 |     COPY . .
///        7 | >>> RUN make
///        8 |
///     ------
///     error: linux/arm64: line 7: RUN make: exit code 2
package struct FailureReport: Sendable {
    /// The Dockerfile that a step comes from.
    package struct Source: Sendable {
        /// The file's name as the user knows it.
        package let fileName: String
        /// All lines of the file.
        package let lines: [String]
        /// The lines of the instruction, counted from 1.
        package let range: ClosedRange<Int>

        package init(fileName: String, lines: [String], range: ClosedRange<Int>) {
            self.fileName = fileName
            self.lines = lines
            self.range = range
        }
    }

    /// So many lines are shown before and after the instruction.
    private static let context = 2
    /// Of a longer instruction the middle is left out.
    private static let longestInstruction = 16

    private static let rule = "------\n"

    private let failure: StepFailure
    private let source: Source?
    private let remedy: String?

    /// Makes the report of a failure; with no source the Dockerfile is not shown.
    package init(_ failure: StepFailure, source: Source?, remedy: String? = nil) {
        self.failure = failure
        self.source = source
        self.remedy = remedy
    }

    /// The report, ending in a line break.
    package var text: String {
        let step = failure.step
        var text = Self.rule + " > \(step.label)" + (failure.output.isEmpty ? "\n" : ":\n")
        for line in failure.output {
            text += "\(HumanFormat.seconds(line.elapsed, decimals: 2)) \(line.text)".trimmingTrailingSpaces + "\n"
        }
        text += Self.rule
        if let excerpt { text += excerpt + Self.rule }
        text += "error: \(sentence)\n"
        if let remedy, !remedy.isEmpty { text += "hint: \(SafeText.singleLine(remedy))\n" }
        return text
    }

    /// What went wrong in one line, without the Dockerfile and the output: `linux/arm64: line 7: RUN make: exit code 2`.
    package var sentence: String {
        let step = failure.step
        var words: [String] = step.platforms.isEmpty ? [] : [step.platformLabel]
        if let line = step.lines?.lowerBound { words.append("line \(line)") }
        words.append(SafeText.singleLine(step.title, limit: 200))
        words.append(SafeText.singleLine(failure.message, limit: 4000))
        return words.joined(separator: ": ")
    }

    private var excerpt: String? {
        guard let source, source.range.lowerBound >= 1, source.range.lowerBound <= source.lines.count else {
            return nil
        }
        let last = min(source.range.upperBound, source.lines.count)
        let instruction = source.range.lowerBound...last
        let shown = max(1, instruction.lowerBound - Self.context)...min(source.lines.count, last + Self.context)
        let width = max(4, "\(shown.upperBound)".count)
        var text = "\(SafeText.singleLine(source.fileName)):\(instruction.lowerBound)\n"
        let half = Self.longestInstruction / 2
        var isPointedOut = false
        for number in shown {
            if instruction.count > Self.longestInstruction {
                if number == instruction.lowerBound + half {
                    text += pad("…", to: width) + " |\n"
                }
                if (instruction.lowerBound + half...instruction.upperBound - half).contains(number) { continue }
            }
            let mark = instruction.contains(number) ? ">>> " : "    "
            let line = SafeText.line(source.lines[number - 1])
            text += "\(pad("\(number)", to: width)) | \(mark)\(line)".trimmingTrailingSpaces + "\n"
            if !isPointedOut, instruction.contains(number), let carets = carets(below: line) {
                text += "\(pad("", to: width)) |     \(carets)\n"
                isPointedOut = true
            }
        }
        return text
    }

    /// Carets under what the step is about; tabs are kept so that they line up.
    private func carets(below line: String) -> String? {
        guard let culprit = failure.step.culprit, !culprit.isEmpty, let range = line.firstRange(of: culprit) else {
            return nil
        }
        let before = String(line[..<range.lowerBound].map { $0 == "\t" ? "\t" : " " })
        return before + String(repeating: "^", count: DisplayWidth.columns(String(line[range])))
    }

    private func pad(_ text: String, to width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        var text = self[...]
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}

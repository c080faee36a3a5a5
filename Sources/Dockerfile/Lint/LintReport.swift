// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// One thing that was found, with all that is needed to show it.
public struct LintFinding: Hashable, Sendable, Codable {
    /// The name of the rule.
    public var rule: String
    /// What the rule finds.
    public var summary: String
    /// What is wrong here.
    public var message: String
    /// The lines that it is about, counted from one.
    public var firstLine: Int
    public var lastLine: Int
    public var severity: LintRule.Severity
    /// Where to read more.
    public var url: String

    init(_ diagnostic: Diagnostic, isError: Bool) {
        let known = LintRule.named(diagnostic.rule)
        rule = diagnostic.rule
        summary = known?.summary ?? ""
        message = diagnostic.message
        firstLine = diagnostic.lines.lowerBound
        lastLine = diagnostic.lines.upperBound
        severity = isError ? .error : known?.severity ?? .warning
        url = known?.url ?? ""
    }
}

/// That BuildKit's rules found something although the options say `error=true`.
public struct LintFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The names of the rules, sorted.
    public let rules: [String]

    /// Nil when nothing was found.
    public init?(_ diagnostics: [Diagnostic]) {
        guard !diagnostics.isEmpty else { return nil }
        rules = Set(diagnostics.map(\.rule)).sorted()
    }

    public var description: String { "lint violation found for rules: " + rules.joined(separator: ", ") }

    /// What to do about it.
    public var remedy: String? {
        "mend the lines above, or skip the rules with a line \"# check=skip=\(rules.joined(separator: ","))\" at the top"
    }
}

/// What the linter has to say about one file.
public struct LintReport: Hashable, Sendable {
    public var fileName: String
    /// The lines of the file.
    public var source: [String]
    public var findings: [LintFinding]
    /// The error to end with, when the options make findings errors.
    public var failure: LintFailure?
    /// Why the file cannot be built at all.
    public var error: DockerfileError?

    public init(
        fileName: String, source: [String], findings: [LintFinding], failure: LintFailure? = nil,
        error: DockerfileError? = nil
    ) {
        self.fileName = fileName
        self.source = source
        self.findings = findings
        self.failure = failure
        self.error = error
    }

    /// Whether a check has found what should be mended; a piece of advice is no reason to fail.
    public var fails: Bool { error != nil || hasWarnings }

    /// Whether something was found that should be mended.
    public var hasWarnings: Bool { warningCount > 0 }

    private var warningCount: Int { findings.count { $0.severity != .info } }

    /// How many warnings there are, as a sentence.
    public var conclusion: String {
        switch warningCount {
        case 0: "Check complete, no warnings found."
        case 1: "Check complete, 1 warning has been found!"
        default: "Check complete, \(warningCount) warnings have been found!"
        }
    }

    /// The findings in the form of `docker build --check`, each with the lines of the file that it is about; empty when
    /// there are none.
    public var text: String { findings.map { "\n" + text(of: $0) }.joined() }

    private static let rule = String(repeating: "-", count: 20) + "\n"

    private func text(of finding: LintFinding) -> String {
        var text = "\(finding.severity == .info ? "NOTE" : "WARNING"): \(finding.rule)"
        if !finding.url.isEmpty { text += " - \(finding.url)" }
        text += "\n\(finding.message)\n"
        guard finding.firstLine >= 1, finding.firstLine <= source.count else { return text }
        let last = min(max(finding.lastLine, finding.firstLine), source.count)
        // A few lines around it, as many as there are; a long heredoc is cut short.
        let around = last == finding.firstLine ? 2 : 1
        let shown = min(last, finding.firstLine + Self.shownLines - 1)
        text += "\(fileName):\(finding.firstLine)\n" + Self.rule
        for number in max(1, finding.firstLine - around)...min(source.count, shown + around) {
            let isMeant = finding.firstLine...last ~= number
            let digits = String(number)
            text += " " + String(repeating: " ", count: max(0, 3 - digits.utf8.count)) + digits
            text += " | \(isMeant ? ">>>" : "   ") \(source[number - 1])\n"
        }
        return text + Self.rule
    }

    private static let shownLines = 12
}

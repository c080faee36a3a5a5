// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI
import Testing

/// A Dockerfile with the lines marked by `>>>` where one rule must find something, and nowhere else.
struct MarkedCase: Sendable, CustomTestStringConvertible {
    var rule: String
    var text: String
    var context: LintContext

    init(_ rule: String, _ text: String, _ context: LintContext = LintContext()) {
        self.rule = rule
        self.text = text
        self.context = context
    }

    var testDescription: String { "\(rule): \(text)" }

    private static let mark = ">>> "

    /// Checks that the rule fires at the first lines of the marked ones and only there.
    func check(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let marked = text.split(separator: "\n", omittingEmptySubsequences: false)
        let expected = marked.indices.filter { marked[$0].hasPrefix(Self.mark) }.map { $0 + 1 }
        let plain = marked.map { $0.hasPrefix(Self.mark) ? $0.dropFirst(Self.mark.count) : $0 }.joined(separator: "\n")
        var options = LintOptions()
        options.experimental = .all
        let linter = Linter(try Dockerfile(parsing: plain), options: options)
        let found = linter.diagnostics(context).filter { $0.rule == rule }.map(\.lines.lowerBound)
        #expect(found == expected, "\(plain)", sourceLocation: sourceLocation)
    }
}

/// What the linter finds in a file, as `line rule: message`.
func findings(
    _ text: String, _ context: LintContext = LintContext(), experimental: Bool = false
) throws -> [String] {
    let dockerfile = try Dockerfile(parsing: text)
    var options = try LintOptions(for: dockerfile)
    if experimental { options.experimental = .all }
    return Linter(dockerfile, options: options).diagnostics(context).map {
        "\($0.lines.lowerBound) \($0.rule): \($0.message)"
    }
}

extension LintContext {
    /// A build for these platforms on an amd64 machine.
    static func building(_ platforms: String...) throws -> LintContext {
        var context = LintContext()
        context.platforms = try platforms.map { try Platform($0) }
        context.buildPlatform = try Platform("linux/amd64")
        return context
    }

    /// A build whose first stage starts from an image with these variables.
    static func base(_ environment: [String], shell: [String] = []) throws -> LintContext {
        var context = LintContext()
        let platform = try Platform("linux/amd64")
        context.baseImages[0] = [
            BaseImage(expected: platform, actual: platform, environment: environment, shell: shell)
        ]
        return context
    }
}

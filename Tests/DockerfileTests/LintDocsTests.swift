// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import FoundationEssentials
import OCI
import Testing

@Suite("Pages about lint rules")
struct LintDocsTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/lint")

    /// What an example cannot say itself: the platforms, the ignore file, the base image.
    private static func context(for rule: String, _ example: String) throws -> LintContext {
        var context = try LintContext.building("linux/amd64", "linux/arm64")
        let amd64 = try Platform("linux/amd64")
        switch rule {
        case "CopyIgnoredFile":
            let marker = "# .dockerignore has: "
            let line = example.split(separator: "\n").first { $0.hasPrefix(marker) }
            context.ignorePatterns = try IgnorePatterns([String(try #require(line).dropFirst(marker.count))])
        case "InvalidBaseImagePlatform":
            let actual = example.contains("amd64-only") ? amd64 : try Platform("linux/arm64")
            context.baseImages[0] = [.init(expected: try Platform("linux/arm64"), actual: actual)]
        case "CrossTemplateOrder":
            context.template = example
        default: break
        }
        return context
    }

    @Test("have a bad example in which the rule finds something, and a good one", arguments: LintRule.all.map(\.name))
    func examples(rule: String) throws {
        let file = Self.folder.appending(path: rule + ".md").path
        let page = String(decoding: try #require(FileManager.default.contents(atPath: file)), as: UTF8.self)
        #expect(page.hasPrefix("# \(rule)\n"))
        let parts = page.components(separatedBy: "```dockerfile\n").dropFirst()
        let examples = parts.map { $0.components(separatedBy: "```")[0] }
        try #require(examples.count == 2)
        let found = try examples.map { example in
            // Examples leave out what they don't need: the FROM, in the case of a template all that is a Dockerfile.
            let text: String
            if rule == "CrossTemplateOrder" {
                text = "FROM a"
            } else if example.contains("FROM ") {
                text = example
            } else {
                text = example.hasPrefix("# ") ? example + "FROM a\n" : "FROM a\n" + example
            }
            var options = LintOptions()
            options.experimental = .all
            let linter = Linter(try Dockerfile(parsing: text), options: options)
            return linter.diagnostics(try Self.context(for: rule, example)).map(\.rule)
        }
        #expect(found[0].contains(rule), "the bad example is not found: \(found[0])")
        #expect(!found[1].contains(rule), "the good example is found")
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
import Testing

@Suite("The page about lists")
struct ListDocsTests {
    private static let page: String = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/lists.md")
        return String(decoding: FileManager.default.contents(atPath: file.path) ?? Data(), as: UTF8.self)
    }()

    private static func rows(_ start: String) -> [Substring] {
        page.split(separator: "\n").filter { $0.hasPrefix("| \(start) |") }
    }

    @Test("has a row for every rule, with all its columns", arguments: ListRule.allCases)
    func rules(rule: ListRule) throws {
        let rows = Self.rows("`\(rule.rawValue)`")
        try #require(rows.count == 1)
        #expect(rows[0].split(separator: "|").filter { $0.contains { $0 != " " } }.count == 4)
    }

    @Test("has a row for every machine, with what it asks for", arguments: Machine.known.map(\.name))
    func machines(name: String) throws {
        let rows = Self.rows(name)
        try #require(rows.count == 1)
        let machine = try #require(Machine.known.first { $0.name == name })
        #expect(rows[0].contains("`\(machine.platform)`"))
    }
}

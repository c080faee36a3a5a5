// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
import Testing

@Suite("docs/platforms.md")
struct PlatformTableTests {
    @Test("has the table of names that the program goes by")
    func table() throws {
        let families = NamingFamily.allCases
        var lines = [
            "| platform | " + families.map { "`\($0.rawValue)`" }.joined(separator: " | ") + " | other spellings |",
            "|---|" + String(repeating: "---|", count: families.count + 1),
        ]
        for names in ArchitectureNames.all {
            let cells = families.map { $0.name(of: names.platform) ?? "" } + [names.others.joined(separator: ", ")]
            let mark = names.isStandard ? "" : " \\*"
            lines.append("| \(names.platform)\(mark) | \(cells.joined(separator: " | ")) |")
        }
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/platforms.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let table = lines.joined(separator: "\n")
        #expect(text.contains(table), "the table of docs/platforms.md should be:\n\(table)")
    }
}

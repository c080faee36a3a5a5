// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Testing
import YAML

@Suite("YAML")
struct YAMLTests {
    private func value(_ text: String) throws -> String {
        try YAMLNode.documents(in: Array(text.utf8)).map(written).joined(separator: "; ")
    }

    /// A value in one line.
    private func written(_ node: YAMLNode) -> String {
        switch node.value {
        case .text(let text): "\"\(text)\""
        case .null: "-"
        case .list(let nodes): "[\(nodes.map(written).joined(separator: ", "))]"
        case .map(let entries): "{\(entries.map { "\($0.key): \(written($0.value))" }.joined(separator: ", "))}"
        }
    }

    @Test(
        "values are what was written",
        arguments: [
            ("a: 1.10\nb: [x, 'y z', \"\\u00e9\", true]\n", "{a: \"1.10\", b: [\"x\", \"y z\", \"é\", \"true\"]}"),
            ("a:\nb: ~\nc: ''\nd: !!str\n", "{a: -, b: -, c: \"\", d: \"\"}"),
            (
                "- image: x\n  platform:\n    os: linux\n-\n  image: y\n",
                "[{image: \"x\", platform: {os: \"linux\"}}, {image: \"y\"}]"
            ),
            ("a: |\n  1\n  2\nb: >\n  1\n  2\n", "{a: \"1\n2\n\", b: \"1 2\n\"}"),
            ("{\"a\": [1, null]}", "{a: [\"1\", -]}"),
            (
                "x: &x {os: linux, v: 1}\ny: {<<: *x, v: 2}\nz: *x\n",
                "{x: {os: \"linux\", v: \"1\"}, y: {v: \"2\", os: \"linux\"}, z: {os: \"linux\", v: \"1\"}}"
            ),
            ("# nothing\n", ""), ("a: 1\n---\n---\nb: 2\n", "{a: \"1\"}; {b: \"2\"}"), ("\u{feff}a: 1", "{a: \"1\"}"),
        ])
    func values(text: String, expected: String) throws { #expect(try value(text) == expected) }

    @Test(
        "what is wrong is said with its line",
        arguments: [
            ("a: 1\nb: [\n", 3), ("a: 1\n\tb: 2\n", 2), ("a: 1\na: 2\n", 2), ("a: *x\n", 1), ("{[a]: 1}", 1),
            ("a: 1\n? [x]\n: 2\n", 2), ("a: &a [*a]\n", 1), ("a: 1\n<<: 2\n", 2), ("%BAD\n---\na", 1),
        ])
    func mistakes(text: String, line: Int) {
        let error = #expect(throws: YAMLError.self) { try value(text) }
        #expect(error?.line == line, "\(error.map(String.init(describing:)) ?? "")")
    }

    @Test("lines are those of the text")
    func lines() throws {
        let node = try #require(try YAMLNode.documents(in: Array("# c\na: 1\nb:\n  - x\n  - y: 2\n".utf8)).first)
        guard case .map(let entries) = node.value, case .list(let list) = entries[1].value.value else {
            Issue.record("not a map of a list")
            return
        }
        #expect(node.line == 2)
        #expect(entries.map(\.line) == [2, 3])
        #expect(list.map(\.line) == [4, 5])
    }

    @Test("what grows, nests or is not text ends quickly", .timeLimit(.minutes(1)))
    func bombs() {
        var bomb = "a0: &a0 [x, x]\n"
        for level in 1...60 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        let texts: [[UInt8]] = [
            Array(bomb.utf8), Array(repeating: UInt8(ascii: "["), count: 1 << 19),
            Array(String(repeating: "- ", count: 1 << 18).utf8), Array(String(repeating: "? ", count: 1 << 18).utf8),
            Array(repeating: UInt8(ascii: "x"), count: (1 << 20) + 1), [0x61, 0x3a, 0x20, 0xff, 0xfe], [0],
        ]
        for text in texts {
            #expect(throws: YAMLError.self, "\(String(decoding: text.prefix(20), as: UTF8.self))") {
                try YAMLNode.documents(in: text)
            }
        }
    }
}

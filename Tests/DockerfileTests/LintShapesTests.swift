// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Testing

/// A Dockerfile of about a megabyte that nobody would write.
struct Shape: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String

    init(_ name: String, _ text: String) {
        self.name = name
        self.text = text
    }

    init(_ name: String, _ begin: String, _ count: Int, _ line: (Int) -> String, _ end: String = "") {
        self.init(name, begin + (0..<count).map(line).joined() + end)
    }

    var testDescription: String { name }

    static let all = [
        Shape("one long continuation", "FROM a\nRUN x", 40_000, { _ in "\\\n  && linux-amd64 $x" }),
        Shape("many instructions", "FROM a\nARG v=1\n", 60_000, { "USER $v\($0)x$v\n" }),
        Shape("many small stages", "", 100_000, { _ in "FROM a$b\n" }),
        Shape("a chain of stages", "FROM a AS s0\n", 30_000, { "FROM s\($0) AS s\($0 + 1)\nENV x\($0)=1\n" }),
        Shape(
            "a fan of stages", "FROM a AS base\n" + (0..<30_000).map { "ENV v\($0)=1\n" }.joined(), 30_000,
            { "FROM base\nENV w\($0)=$v\($0)\n" }),
        Shape(
            "a stage of shells and a fan of others",
            "FROM a AS base\n" + String(repeating: "WORKDIR x\n", count: 50_000),
            40_000, { _ in "FROM base\nCMD x\n" }),
        Shape("arguments, each used", "FROM a\n", 40_000, { "ARG a\($0)=$a\($0 - 1)x\n" }),
        Shape(
            "global arguments, each used", (0..<25_000).map { "ARG a\($0)=x\n" }.joined(), 25_000,
            { "FROM a$a\($0)\nARG a\($0)\n" }),
        Shape("misspelt variables", "FROM scratch\n", 40_000, { "ENV some_\($0)=$som_\($0)\n" }),
        Shape("one ENV", "FROM a\nENV a=1", 50_000, { " \\\n v\($0)=$v\($0 + 1)" }),
        Shape("one ARG", "FROM a\nARG a=1", 50_000, { " \\\n v\($0)=$v\($0 + 1)" }),
        Shape("a heredoc", "FROM a\nCOPY <<E /\n", 100_000, { _ in "amd64 ${x}\n" }, "E\n"),
        Shape("a heredoc for RUN", "FROM a\nRUN <<E\n", 100_000, { _ in "amd64 ${x}\n" }, "E\n"),
        Shape("nested defaults", "FROM a\nUSER ", 130_000, { _ in "${a:-\\\n" }),
        Shape(
            "nested defaults that end", "FROM a\n", 1500,
            { _ in "USER " + String(repeating: "${a:-", count: 90) + "x" + String(repeating: "}", count: 90) + "\n" }),
        Shape("values that double", "FROM a\nENV a=xxxxxxxx\n", 70_000, { _ in "ENV a=$a$a\n" }),
        Shape(
            "a long value used often", "FROM a\nENV a=" + String(repeating: "x\\\n", count: 60_000) + "x\n", 60_000,
            { "LABEL l\($0)=$a\n" }),
        Shape(
            "a long value used often in one place",
            "ARG a=" + String(repeating: "x", count: 60_000) + "\nFROM a\nLABEL a=", 200_000, { _ in "$a\\\n" }),
        Shape(
            "comments that skip", "FROM a\n", 60_000, { "# check=skip=R\($0)\n" },
            "ENV " + String(repeating: "key=$x ", count: 8000) + "\n"),
        Shape("comments that describe", "FROM a\n", 40_000, { "# a\($0) words\nARG a\($0)\n" }),
        Shape("many mounts", "FROM a\nRUN ", 20_000, { "--mount=type=cache,target=/$v\($0) \\\n" }, "x\n"),
        Shape("copies from stages", "FROM a AS a\n", 30_000, { "FROM b\nCOPY --from=\($0) x y\n" }),
        Shape("copies from one stage", "FROM node AS a\nRUN npm run build\n", 50_000, { _ in "COPY --from=a x y\n" }),
        Shape("ports", "FROM a\nEXPOSE ", 100_000, { " \($0)/TCP\\\n" }, " 1\n"),
        Shape("sources", "FROM a\nCOPY ", 100_000, { " a\($0)\\\n" }, " x/\n"),
        Shape("words in one line", "FROM a\n", 15, { _ in "RUN " + String(repeating: "-", count: 60_000) + "amd6\n" }),
        Shape("old ways", "FROM a\n", 60_000, { "ENV a\($0) b\nMAINTAINER x\n" }),
    ]
}

@Suite("Lint of hostile input", .serialized)
struct LintShapesTests {
    @Test("a megabyte of whatever shape is parsed and linted in time that grows with its length", arguments: Shape.all)
    func megabyte(_ shape: Shape) throws {
        #expect(shape.text.utf8.count > 400_000)
        var options = LintOptions()
        options.experimental = .all
        var context = LintContext()
        context.ignorePatterns = try IgnorePatterns(["x*", "a1"])
        context.template = shape.text
        var findings = 0
        let time = ContinuousClock().measure {
            guard let dockerfile = try? Dockerfile(parsing: shape.text) else { return }
            context.stages = .needed(by: nil)
            findings = Linter(dockerfile, options: options).report(context).findings.count
        }
        #expect(time < .seconds(25), "\(findings) findings")
    }
}

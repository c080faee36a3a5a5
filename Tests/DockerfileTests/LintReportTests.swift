// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import FoundationEssentials
import Testing

@Suite("Lint options and reports")
struct LintReportTests {
    @Test("a directive, the build's value and comments above instructions skip rules")
    func skipping() throws {
        let body = "FROM a as X\nCMD x\n"
        func rules(_ text: String, buildValue: String? = nil) throws -> [String] {
            let dockerfile = try Dockerfile(parsing: text)
            return try Linter(dockerfile, buildValue: buildValue).diagnostics().map(\.rule)
        }
        #expect(try rules(body) == ["StageNameCasing", "FromAsCasing", "JSONArgsRecommended"])
        #expect(try rules("# check=skip=StageNameCasing, FromAsCasing\n" + body) == ["JSONArgsRecommended"])
        #expect(try rules("# check=skip=all\n" + body) == [])
        #expect(try rules("# check=skip=all\n" + body, buildValue: "skip=FromAsCasing").count == 2)
        #expect(
            try rules(
                "ARG a\n# check=skip=FromAsCasing;error=true\n# more\nFROM a as X\n# check=skip=all\nCMD x\nENV a b")
                == ["StageNameCasing", "LegacyKeyValueFormat"])
        #expect(try rules("ARG a\n# check=skip=all\n\nFROM a as x") == ["FromAsCasing"])
        let described = "# wrong\nARG A=1\nFROM a as x"
        #expect(try rules(described) == ["FromAsCasing"])
        #expect(try rules(described, buildValue: "experimental=all").count == 2)
        #expect(
            try rules(described, buildValue: "skip=all;experimental=InvalidDefinitionDescription")
                == ["InvalidDefinitionDescription"])
    }

    @Test(
        "options that make no sense are errors with their line",
        arguments: [
            ("skip", "line 1: invalid check option \"skip\""),
            ("skp=all", "line 1: invalid check option \"skp\" (did you mean skip?)"),
            ("error=maybe", "line 1: failed to parse check option \"error=maybe\": it is true or false"),
        ])
    func badOptions(value: String, message: String) throws {
        let dockerfile = try Dockerfile(parsing: "# check=\(value)\nFROM a")
        let error = #expect(throws: DockerfileError.self) { try Linter(dockerfile) }
        #expect(error?.description == message)
    }

    @Test("error=true makes findings a failure")
    func failure() throws {
        let dockerfile = try Dockerfile(parsing: "# check=error=true\nFROM a as X\nFROM b as Y")
        let report = try Linter(dockerfile).report()
        #expect(report.failure?.description == "lint violation found for rules: FromAsCasing, StageNameCasing")
        #expect(report.findings.allSatisfy { $0.severity == .error })
        #expect(try Linter(dockerfile, buildValue: "error=false").report().failure == nil)
        let clean = try Dockerfile(parsing: "# check=error=true\nFROM a AS x\nCOPY qemu-arm-static /usr/bin/")
        let warned = try Linter(clean).report()
        #expect(warned.findings.map(\.rule) == ["QemuInImage"])
        #expect(warned.findings.map(\.severity) == [.warning])
        #expect(warned.failure == nil, "our own rules fail no build")
    }

    @Test("the text shows rule, address, message and lines")
    func text() throws {
        let dockerfile = try Dockerfile(parsing: "ARG V\n\n# one\nFROM a AS Big\nRUN x\nRUN y\nRUN z\n")
        let report = try Linter(dockerfile).report(fileName: "docker/Dockerfile")
        #expect(
            report.text == """

                WARNING: StageNameCasing - https://docs.docker.com/go/dockerfile/rule/stage-name-casing/
                Stage name 'Big' should be lowercase
                docker/Dockerfile:4
                --------------------
                   2 |     \("")
                   3 |     # one
                   4 | >>> FROM a AS Big
                   5 |     RUN x
                   6 |     RUN y
                --------------------

                """)
        #expect(report.conclusion == "Check complete, 1 warning has been found!")
        let clean = try Linter(Dockerfile(parsing: "FROM a")).report()
        #expect(clean.text.isEmpty)
        #expect(clean.conclusion == "Check complete, no warnings found.")
    }

    @Test("the JSON has the shape of BuildKit's")
    func json() throws {
        let dockerfile = try Dockerfile(parsing: "FROM a AS Big")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = String(decoding: try encoder.encode(try Linter(dockerfile).report()), as: UTF8.self)
        #expect(
            json == #"{"sources":[{"data":"RlJPTSBhIEFTIEJpZw==","filename":"Dockerfile","language":"Dockerfile"}],"#
                + #""warnings":[{"description":"#
                + #""Stage names should be lowercase","detail":"Stage name 'Big' should be lowercase","location":"#
                + #"{"ranges":[{"end":{"line":1},"start":{"line":1}}]},"ruleName":"StageNameCasing","#
                + #""severity":"warning","url":"https://docs.docker.com/go/dockerfile/rule/stage-name-casing/"}]}"#)
    }

    @Test("every rule has its own name, a sentence and an address")
    func registry() {
        #expect(Set(LintRule.all.map(\.name)).count == LintRule.all.count)
        #expect(LintRule.all.count { $0.kind == .buildkit } == 22)
        #expect(LintRule.all.filter(\.isExperimental).map(\.name) == ["InvalidDefinitionDescription"])
        #expect(LintRule.all.allSatisfy { !$0.summary.isEmpty })
        #expect(LintRule.named("JSONArgsRecommended")?.url.hasSuffix("/json-args-recommended/") == true)
        #expect(LintRule.named("UndefinedArgInFrom")?.url.hasSuffix("/undefined-arg-in-from/") == true)
        #expect(LintRule.named("QemuInImage")?.url == "docs/lint/QemuInImage.md")
    }

    @Test("whatever the parser takes, the linter takes, and every finding is about lines of the file")
    func mutations() throws {
        let pieces = [
            "FROM a", "from $X AS b", "FROM --platform=linux/arm64 0", "ARG X=${Y:-$Z} TOKEN", "# check=skip=all", "#",
            "# check=", "ENV a b", "ENV GOARCH=amd64 $=", "COPY --from=b qemu-arm-static /", "COPY --from=0 . .",
            "ADD https://x.test/x86_64- /", "RUN <<E", "E", "RUN go build linux-386 \\", "", "EXPOSE :/ 80/", "CMD x",
            "WORKDIR $W", "RUN --mount=from=b,target=/x uname", "__CROSS_COPY qemu", "HEALTHCHECK NONE",
            "é\u{301}=linux-é",
            "ONBUILD RUN x", "FROM arm32v7/x:$X AS linux", "SHELL [\"x\"]", "EXPOSE [::1]:2:3/é",
        ]
        var state: UInt64 = 7
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(limit))
        }
        var parsed = 0
        for _ in 0..<3000 {
            let lines = ["FROM scratch AS s"] + (0..<random(9)).map { _ in pieces[random(pieces.count)] }
            let text = lines.joined(separator: "\n")
            guard let dockerfile = try? Dockerfile(parsing: text) else { continue }
            parsed += 1
            var context = LintContext()
            context.stages = random(2) == 0 ? .all : .needed(by: "b")
            context.template = text
            context.ignorePatterns = try IgnorePatterns(["qemu*"])
            var options = LintOptions()
            options.experimental = .all
            let report = Linter(dockerfile, options: options).report(context)
            #expect(
                report.findings.allSatisfy { 1 <= $0.firstLine && $0.lastLine <= dockerfile.lines.count }, "\(text)")
            #expect(report.findings.allSatisfy { report.text.contains($0.message) })
        }
        #expect(parsed > 100)
    }

    @Test("a file of a megabyte is linted in a moment")
    func large() throws {
        var text = "FROM scratch AS s0\nENV aaaa=1\n"
        for index in 0..<3000 {
            text += "ENV v\(index)=$aaab LABEL_\(index)=x\nRUN curl https://x.test/linux-$v\(index)-amd64.tar.gz\n"
        }
        for index in 1..<800 { text += "# check=skip=FromAsCasing\nFROM s\(index - 1) as s\(index)\nCMD x\n" }
        let linter = try Linter(Dockerfile(parsing: text))
        let clock = ContinuousClock()
        var found: [Diagnostic] = []
        let time = clock.measure { found = linter.diagnostics() }
        #expect(found.count { $0.rule == "UndefinedVar" } == 3000)
        #expect(found.count { $0.rule == "FromAsCasing" } == 0)
        #expect(time < .seconds(60))
    }
}

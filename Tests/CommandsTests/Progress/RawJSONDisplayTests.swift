// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Commands
import TestSupport
import Testing

@Suite struct RawJSONDisplayTests {
    @Test("each line is a BuildKit status with what is new")
    func statuses() throws {
        var show = Rehearsal(RawJSONDisplay(at: Rehearsal.beginning, secondsSince1970: 1_700_000_000))
        show.send(.planned(stepCount: 4))
        show.start(Steps.make)
        show.wait(250)
        show.print("hello\n", by: Steps.make, to: .stderr)
        show.send(.progressed(step: Steps.make.id, completed: 5, total: 10))
        show.finish(Steps.make, .failed("exit code 2"))
        show.start(Steps.from)
        show.finish(Steps.from, .cached)
        show.send(
            .warning(
                BuildWarning("too big", line: 3, rule: .init(name: "Rule", page: "https://example.org/rule"))))
        show.send(.completed(try Steps.summary()))
        let lines = try show.text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(lines.count == 7)
        let vertex = lines[0]["vertexes"][0]
        #expect(vertex["name"] == "[linux/arm64 build 2/5] RUN make")
        #expect(vertex["started"] == "2023-11-14T22:13:20.000Z" && vertex["completed"] == .null)
        #expect(vertex["digest"].string?.hasPrefix("sha256:") == true)
        let log = lines[1]["logs"][0]
        #expect(log["vertex"] == vertex["digest"] && log["stream"] == 2 && log["data"] == "aGVsbG8K")
        #expect(lines[2]["statuses"][0]["current"] == 5 && lines[2]["statuses"][0]["total"] == 10)
        #expect(lines[3]["vertexes"][0]["error"] == "exit code 2")
        #expect(lines[3]["vertexes"][0]["completed"] == "2023-11-14T22:13:20.250Z")
        #expect(lines[5]["vertexes"][0]["cached"] == true)
        #expect(lines[6]["warnings"][0]["short"] == "UnVsZTogdG9vIGJpZw==")
        #expect(lines[6]["warnings"][0]["url"] == "https://example.org/rule")
    }

    @Test("BUILDKIT_COLORS changes colours, and what it cannot mean changes none")
    func colours() {
        func colours(_ text: String) -> String {
            var show = Rehearsal(
                TerminalDisplay(
                    terminal: ProgressTerminal(
                        isInteractive: true, usesColour: true, usesUnicode: true,
                        palette: TerminalPalette(buildKitColours: text))))
            show.start(Steps.make)
            show.finish(Steps.make, .failed("x"))
            return show.refresh()
        }
        #expect(colours("").contains("\u{1B}[31m"))
        #expect(colours("error=blue:run=10,20,30").contains("\u{1B}[34m"))
        #expect(colours("ERROR=1,2,255").contains("\u{1B}[38;2;1;2;255m"))
        #expect(colours("error=light-red").contains("\u{1B}[91m"))
        #expect(colours("error=1,2:error=300,1,1:error:x=red:error=pinkish") == colours(""))
    }

    @Test("a warning of a rule has the rule before it and its page after it")
    func rule() {
        var show = Rehearsal(PlainDisplay())
        show.send(.warning(BuildWarning("too big", line: 3, rule: .init(name: "Rule", page: "docs/lint/Rule.md"))))
        #expect(show.text == "#0 WARNING: line 3: Rule: too big (docs/lint/Rule.md)\n")
    }

    @Test("what comes before the plan and what comes up besides counts beyond the plan")
    func counting() {
        var build = BuildProgress()
        let step = { (id: Int) in BuildStep(id: id, platforms: [], title: "x") }
        _ = build.apply(.started(step(1), at: .now), at: .now)
        #expect(build.stepCount == nil)
        _ = build.apply(.planned(stepCount: 3), at: .now)
        _ = build.apply(.started(step(4), at: .now), at: .now)
        #expect(build.stepCount == 4)
        _ = build.apply(.started(step(5), at: .now), at: .now)
        #expect(build.stepCount == 5)
    }
}

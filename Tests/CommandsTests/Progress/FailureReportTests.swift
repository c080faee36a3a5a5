// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Commands
import Testing

@Suite struct FailureReportTests {
    private static let dockerfile = [
        "FROM debian:12 AS build", "", "# comment", "", "WORKDIR /src", "COPY . .", "RUN make", "",
    ]

    @Test("shows output, Dockerfile and reason")
    func golden() {
        let failure = StepFailure(
            step: Steps.make, message: "exit code 2",
            output: [.init(elapsed: .milliseconds(1239), text: "make: *** No targets.  Stop.")])
        let report = FailureReport(
            failure, source: .init(fileName: "Dockerfile", lines: Self.dockerfile, range: 7...7),
            remedy: "Look at the output above.")
        #expect(
            report.text == """
                ------
                 > [linux/arm64 build 2/5] RUN make:
                1.23 make: *** No targets.  Stop.
                ------
                Dockerfile:7
                   5 |     WORKDIR /src
                   6 |     COPY . .
                   7 | >>> RUN make
                   8 |
                ------
                error: linux/arm64: line 7: RUN make: exit code 2
                hint: Look at the output above.

                """)
    }

    @Test("points at the part of the instruction that the step is about")
    func culprit() {
        let step = BuildStep(
            id: 1, platforms: [], title: "fetch", lines: 6...6, culprit: "http://h/ü")
        let report = FailureReport(
            StepFailure(step: step, message: "no", output: []),
            source: .init(fileName: "Dockerfile", lines: ["a", "b", "c", "d", "e", "ADD\thttp://h/ü /x"], range: 6...6))
        #expect(report.text.contains("\n   6 | >>> ADD\thttp://h/ü /x\n     |        \t^^^^^^^^^^\n"), "\(report.text)")
    }

    @Test("does without output, source and remedy")
    func bare() {
        let report = FailureReport(StepFailure(step: Steps.push, message: "no route", output: []), source: nil)
        #expect(
            report.text == """
                ------
                 > [linux/arm64] push 127.0.0.1:5000/demo:1
                ------
                error: linux/arm64: push 127.0.0.1:5000/demo:1: no route

                """)
    }

    @Test("leaves out the middle of a long instruction")
    func long() {
        let lines = (1...100).map { "line \($0)" }
        let report = FailureReport(
            StepFailure(step: Steps.make, message: "exit code 1", output: []),
            source: .init(fileName: "Dockerfile", lines: lines, range: 10...60))
        let shown = report.text.split(separator: "\n").filter { $0.contains(" | ") || $0.hasSuffix(" |") }
        #expect(shown.count == 2 + 8 + 1 + 8 + 2)
        #expect(shown.contains("  17 | >>> line 17"))
        #expect(shown.contains("   … |"))
        #expect(shown.contains("  53 | >>> line 53"))
        #expect(!shown.contains("  52 | >>> line 52"))
        #expect(shown.last == "  62 |     line 62")
    }

    @Test("bears a range that the file does not have", arguments: [0...0, 9...9, 8...900, 1...1])
    func range(range: ClosedRange<Int>) {
        let report = FailureReport(
            StepFailure(step: Steps.make, message: "x", output: []),
            source: .init(fileName: "Dockerfile", lines: Self.dockerfile, range: range))
        #expect(report.text.hasSuffix("error: linux/arm64: line 7: RUN make: x\n"))
        #expect(report.text.contains("Dockerfile:") == (1...8).contains(range.lowerBound))
    }

    @Test("has the last of what the failed step printed, and no more")
    func tail() throws {
        var show = Rehearsal(QuietDisplay())
        show.start(Steps.make)
        for number in 1...10_000 { show.print("line \(number)\n", by: Steps.make) }
        show.print("no line break", by: Steps.make, to: .stderr)
        show.finish(Steps.make, .failed("exit code 2"))
        let failure = try #require(show.build.failures.first)
        #expect(failure.output.count == OutputTail.lineLimit)
        #expect(failure.output.last?.text == "no line break")
        #expect(failure.output.first?.text == "line 9952")

        show.start(Steps.from)
        show.print(String(repeating: "x", count: 1_000_000), by: Steps.from)
        show.finish(Steps.from, .failed("exit code 2"))
        let bytes = show.build.failures.last?.output.reduce(0) { $0 + $1.text.utf8.count } ?? 0
        #expect((1...OutputTail.byteLimit).contains(bytes))
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Commands
import Sandbox
import Testing

@Suite("How a step that prints nothing is shown") struct SilenceTests {
    private static let make = ProcessTree.Process(
        id: 7, depth: 0, command: "make -j2", processorTime: .milliseconds(120), state: "S")
    private static let compiler = ProcessTree.Process(
        id: 12, depth: 1, command: "cc1plus\u{1B}[31m a.cc", processorTime: .seconds(59), state: "R")

    private static func silence(used: Duration) -> StepSilence {
        StepSilence(
            duration: .seconds(60), used: used,
            processes: ProcessTree([make, compiler], processorTime: .milliseconds(59_120)))
    }

    @Test("plain: a line for each process, which commands no terminal")
    func plain() {
        var show = Rehearsal(PlainDisplay())
        show.start(Steps.make)
        show.wait(60_012)
        show.send(.silent(step: Steps.make.id, Self.silence(used: .seconds(59))))
        show.send(.silent(step: 99, Self.silence(used: .zero)))
        #expect(
            show.text == """
                #3 [linux/arm64 build 2/5] RUN make
                #3 linux/arm64 60.012 nothing printed for 1m00s; 59.0s of processor time used since then:
                #3 linux/arm64 60.012    7 S  0.1s make -j2
                #3 linux/arm64 60.012   12 R 59.0s   cc1plus[31m a.cc

                """)
        show.send(.silent(step: Steps.make.id, Self.silence(used: .zero)))
        #expect(show.text.hasSuffix("60.012 \(StepSilence.idleHint)\n"))
    }

    @Test("tty: one line at the step, until it prints again")
    func terminal() {
        let size = ProgressTerminal.Size(columns: 100, rows: 20)
        var show = Rehearsal(
            TerminalDisplay(
                terminal: ProgressTerminal(isInteractive: true, usesColour: false, usesUnicode: false) { size }))
        show.start(Steps.make)
        show.wait(60_012)
        show.send(.silent(step: Steps.make.id, Self.silence(used: .seconds(59))))
        #expect(show.refresh().contains("| silent for 1m00s: cc1plus[31m a.cc"))
        show.send(.silent(step: Steps.make.id, Self.silence(used: .zero)))
        #expect(show.refresh().contains("| silent for 1m00s, no process at work: it may hang: cc1plus"))
        show.print("on\n", by: Steps.make)
        #expect(show.refresh().contains("| on"))
    }

    @Test("json: an object with everything")
    func json() {
        var show = Rehearsal(JSONDisplay(at: Rehearsal.beginning, secondsSince1970: 0))
        show.start(Steps.make)
        show.text = ""
        show.send(.silent(step: Steps.make.id, Self.silence(used: .zero)))
        #expect(
            show.text.hasPrefix(
                #"{"event":"silent","message":"the processor was hardly used: "#), "\(show.text)")
        #expect(
            show.text.contains(#"{"command":"make -j2","depth":0,"id":7,"seconds":0.12,"state":"S"}"#), "\(show.text)")
    }
}

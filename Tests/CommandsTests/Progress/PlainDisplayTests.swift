// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Commands
import OCI
import Testing

@Suite struct PlainDisplayTests {
    @Test("writes a log that can be searched for a step or a platform")
    func golden() throws {
        var show = Rehearsal(PlainDisplay())
        show.send(.planned(stepCount: 4))
        show.start(Steps.context)
        show.wait(120)
        show.finish(Steps.context)
        show.start(Steps.from)
        show.finish(Steps.from, .cached)
        show.start(Steps.make)
        show.wait(1234)
        show.print("cc -c a.c\ncc -", by: Steps.make)
        show.print("warning: \u{1B}[35mold\u{1B}[0m\n", by: Steps.make, to: .stderr)
        show.wait(100)
        show.print("c b.c\n10%\r100%", by: Steps.make)
        show.send(.warning(BuildWarning("MAINTAINER is deprecated", line: 3)))
        show.wait(100)
        show.finish(Steps.make)
        show.start(Steps.push)
        for _ in 0..<110 {
            show.wait(100)
            show.send(.progressed(step: 4, completed: 12_340_000, total: 24_000_000))
        }
        show.finish(Steps.push)
        show.send(.completed(try Steps.summary()))
        #expect(show.end() == "")
        #expect(
            show.text == """
                #0 4 steps
                #1 [internal] load build context
                #1 internal DONE 0.1s
                #2 [linux/amd64,linux/arm64 build 1/5] FROM debian:12
                #2 linux/amd64,linux/arm64 CACHED
                #3 [linux/arm64 build 2/5] RUN make
                #3 linux/arm64 1.234 cc -c a.c
                #3 linux/arm64 1.234 warning: old
                #3 linux/arm64 1.334 cc -c b.c
                #0 WARNING: line 3: MAINTAINER is deprecated
                #3 linux/arm64 1.434 100%
                #3 linux/arm64 DONE 1.4s
                #4 [linux/arm64] push 127.0.0.1:5000/demo:1
                #4 linux/arm64 5.000 12.3MB / 24MB
                #4 linux/arm64 10.000 12.3MB / 24MB
                #4 linux/arm64 DONE 11.0s (12.3MB)
                PLATFORM       DIGEST         SIZE
                linux/amd64    0a0a0a0a0a0a   4.56MB
                linux/arm/v7   1b1b1b1b1b1b   999B
                index          2c2c2c2c2c2c
                name           127.0.0.1:5000/demo:1

                """)
    }

    @Test("says why a step failed, and which were stopped")
    func failure() {
        var show = Rehearsal(PlainDisplay())
        show.start(Steps.make)
        show.start(Steps.from)
        show.wait(70_000)
        show.finish(Steps.make, .failed("exit code 2\nthe command was not found"))
        show.finish(Steps.from, .cancelled)
        #expect(
            show.text == """
                #3 [linux/arm64 build 2/5] RUN make
                #2 [linux/amd64,linux/arm64 build 1/5] FROM debian:12
                #3 linux/arm64 ERROR exit code 2
                #3 linux/arm64 ERROR the command was not found
                #2 linux/amd64,linux/arm64 CANCELED 1m10s

                """)
        #expect(show.build.failures.count == 1)
    }

    @Test("keeps every line of a step to one line with a prefix")
    func title() {
        var show = Rehearsal(PlainDisplay())
        show.start(Steps.run(9, "RUN <<EOF\n\techo\u{1B}[2J hi\nEOF\n" + String(repeating: "y", count: 5000)))
        let lines = show.text.split(separator: "\n")
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("#9 [linux/arm64 build 9/99] RUN <<EOF echo[2J hi EOF yyy") == true)
        #expect(show.text.count < 1100)
    }

    @Test("passes over events of steps that do not run")
    func strangers() {
        var show = Rehearsal(PlainDisplay())
        show.print("x\n", by: Steps.make)
        show.send(.progressed(step: 3, completed: 1, total: nil))
        show.finish(Steps.make)
        show.start(Steps.make)
        show.start(Steps.make)
        show.finish(Steps.make)
        show.finish(Steps.make, .failed("late"))
        #expect(show.text == "#3 [linux/arm64 build 2/5] RUN make\n#3 linux/arm64 DONE 0.0s\n")
        #expect(show.build.failures.isEmpty)
    }
}

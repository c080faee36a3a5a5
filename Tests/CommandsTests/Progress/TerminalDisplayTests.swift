// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Commands
import OCI
import Synchronization
import Testing

@Suite struct TerminalDisplayTests {
    /// A display on a terminal whose size a test may change.
    private final class Stage: Sendable {
        let size: Mutex<ProgressTerminal.Size>

        init(_ columns: Int, _ rows: Int) {
            size = Mutex(.init(columns: columns, rows: rows))
        }

        func display(colour: Bool = false, unicode: Bool = true) -> TerminalDisplay {
            TerminalDisplay(
                terminal: ProgressTerminal(isInteractive: true, usesColour: colour, usesUnicode: unicode) {
                    self.size.withLock { $0 }
                })
        }
    }

    @Test("shows what runs, and leaves behind what is finished")
    func golden() throws {
        let stage = Stage(60, 24)
        var show = Rehearsal(stage.display())
        var screen = ScreenEmulator(columns: 60, height: 24)
        show.send(.planned(stepCount: 3))
        show.start(Steps.from)
        show.wait(100)
        screen.feed(show.refresh())
        #expect(!screen.isCursorVisible)
        #expect(
            screen.text == [
                "[+] Building 0.1s (0/3)",
                " => [linux/amd64,linux/arm64 build 1/5] FROM debian:12 0.1s",
            ])

        show.finish(Steps.from, .cached)
        show.start(Steps.make)
        show.start(Steps.push)
        show.print("cc -c a.c\n 10%\r 20%", by: Steps.make)
        show.send(.progressed(step: 4, completed: 12_340_000, total: 24_680_000))
        show.send(.warning(BuildWarning("MAINTAINER is deprecated", line: 3)))
        show.wait(1000)
        screen.feed(show.refresh())
        #expect(
            screen.text == [
                " ✔ CACHED [linux/amd64,linux/arm64 build 1/5] FROM debian:…",
                " ! WARNING: line 3: MAINTAINER is deprecated",
                "[+] Building 1.1s (1/4)",
                " => [linux/arm64 build 2/5] RUN make                   1.0s",
                "   │  20%",
                " => [linux/arm64] push 127.0.0.1:5000/demo:1           1.0s",
                "   [━━━━━━━━─────────] 12.3MB / 24.7MB",
            ])

        show.finish(Steps.make)
        show.finish(Steps.push)
        show.send(.completed(try Steps.summary()))
        screen.feed(show.end())
        #expect(screen.isCursorVisible)
        #expect(screen.wraps)
        #expect(
            screen.text == [
                " ✔ CACHED [linux/amd64,linux/arm64 build 1/5] FROM debian:…",
                " ! WARNING: line 3: MAINTAINER is deprecated",
                " ✔ [linux/arm64 build 2/5] RUN make                    1.0s",
                " ✔ [linux/arm64] push 127.0.0.1:5000/demo:1            1.0s",
                "[+] Building 1.1s (3/4) FINISHED",
                "PLATFORM       DIGEST         SIZE",
                "linux/amd64    0a0a0a0a0a0a   4.56MB",
                "linux/arm/v7   1b1b1b1b1b1b   999B",
                "index          2c2c2c2c2c2c",
                "name           127.0.0.1:5000/demo:1",
            ])
        #expect(screen.complaints.isEmpty)
        #expect(screen.cursor == (10, 0))
        #expect(show.end() == "")
    }

    @Test("writes nothing while nothing changes")
    func unchanged() {
        let stage = Stage(80, 24)
        var show = Rehearsal(stage.display())
        #expect(show.refresh() == "")
        show.start(Steps.make)
        #expect(show.refresh() != "")
        show.wait(40)
        #expect(show.refresh() == "")
        show.wait(60)
        #expect(show.refresh() != "")
        stage.size.withLock { $0 = .init(columns: 70, rows: 24) }
        #expect(show.refresh() != "")
    }

    @Test("leaves the terminal alone when nothing was drawn")
    func nothingDrawn() {
        var idle = Rehearsal(Stage(80, 24).display())
        #expect(idle.end() == "")
        var quick = Rehearsal(Stage(80, 24).display())
        quick.start(Steps.make)
        quick.finish(Steps.make, .cached)
        #expect(!quick.end().contains("?25"))
    }

    @Test("says what failed and what was stopped")
    func failure() {
        var show = Rehearsal(Stage(50, 24).display(colour: true))
        var screen = ScreenEmulator(columns: 50, height: 24)
        show.start(Steps.make)
        show.start(Steps.push)
        screen.feed(show.refresh())
        show.wait(2500)
        show.finish(Steps.make, .failed("exit code 2"))
        screen.feed(show.end())
        #expect(show.text.contains("\u{1B}[31m ✘ \u{1B}[0mERROR"))
        #expect(
            screen.text == [
                " ✘ ERROR [linux/arm64 build 2/5] RUN make    2.5s",
                " - CANCELED [linux/arm64] push 127.0.0.1:50… 2.5s",
                "[+] Building 2.5s FAILED",
            ])
        #expect(screen.isCursorVisible)
    }

    @Test("uses only ASCII where the locale has no more")
    func ascii() {
        var show = Rehearsal(Stage(70, 24).display(unicode: false))
        let step = Steps.run(5, "RUN echo grüße 🚀 " + String(repeating: "x", count: 80))
        show.start(step)
        show.print("naïve\n", by: step)
        show.start(Steps.push)
        show.send(.progressed(step: 4, completed: 1, total: 2))
        _ = show.refresh()
        show.finish(step)
        _ = show.refresh()
        _ = show.end()
        #expect(show.text.allSatisfy { $0.isASCII })
        #expect(show.text.contains("RUN echo gr??e ? "))
        #expect(show.text.contains("..."))
    }

    @Test("counts what it has no room for")
    func smallTerminal() {
        var show = Rehearsal(Stage(40, 6).display())
        var screen = ScreenEmulator(columns: 40, height: 6)
        for id in 1...7 { show.start(Steps.run(id, "RUN \(id)")) }
        screen.feed(show.refresh())
        #expect(
            screen.text == [
                "[+] Building 0.0s",
                " => [linux/arm64 build 1/99] RUN 1 0.0s",
                " => [linux/arm64 build 2/99] RUN 2 0.0s",
                " => [linux/arm64 build 3/99] RUN 3 0.0s",
                "… and 4 more",
            ])
        for id in 1...4 { show.finish(Steps.run(id, "RUN \(id)")) }
        screen.feed(show.refresh())
        #expect(screen.text.suffix(4).first == "[+] Building 0.0s")
        #expect(screen.text.count == 8)
    }

    @Test(
        "is never wider nor higher than the terminal",
        arguments: [(1, 1), (2, 2), (3, 3), (10, 2), (12, 4), (20, 3), (40, 5), (80, 24), (250, 60)])
    func sizes(columns: Int, rows: Int) {
        var show = Rehearsal(Stage(columns, rows).display(colour: true))
        var screen = ScreenEmulator(columns: columns, height: rows)
        let titles = ["RUN 日本語 " + String(repeating: "한", count: 90), "RUN 👩‍🔧🚀e\u{301}\tx", "COPY . .", "RUN \n\t y"]
        for (id, title) in titles.enumerated() {
            let step = Steps.run(id, title)
            show.start(step)
            show.print("\u{1B}[5A\tausgabe 🚀 " + String(repeating: "語", count: 200) + "\nund weiter", by: step)
        }
        show.send(.progressed(step: 2, completed: 5, total: 10))
        for round in 0..<4 {
            screen.feed(show.refresh())
            #expect(screen.complaints.isEmpty)
            show.wait(100)
            show.finish(Steps.run(round, titles[round]), round == 1 ? .failed("x") : .done)
        }
        screen.feed(show.end())
        #expect(screen.complaints.isEmpty)
        #expect(screen.isCursorVisible)
        // No line of the block remains but the last header.
        if columns > 6 { #expect(screen.text.filter { $0.hasPrefix("[+]") }.count == 1) }
        #expect(screen.text.count == 5 || columns < 4)
    }

    @Test("finds its place again after the terminal was made narrower or wider")
    func resize() {
        let stage = Stage(80, 24)
        var show = Rehearsal(stage.display())
        var screen = ScreenEmulator(columns: 80, height: 24)
        show.start(Steps.from)
        show.start(Steps.make)
        show.print("a long line of output that goes on and on, further than the narrow terminal\n", by: Steps.make)
        screen.feed(show.refresh())
        for columns in [30, 17, 60, 25, 100] {
            stage.size.withLock { $0 = .init(columns: columns, rows: 24) }
            screen.resize(columns: columns, height: 24)
            show.wait(100)
            screen.feed(show.refresh())
            #expect(screen.text.count == 4)
            #expect(screen.text.first?.hasPrefix("[+] Building") == true)
        }
        show.finish(Steps.from)
        screen.feed(show.end())
        #expect(screen.text.count == 3)
        #expect(screen.complaints.isEmpty)
    }
}

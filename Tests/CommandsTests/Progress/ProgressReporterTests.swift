// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Commands
import Glibc
import SystemPackage
import Testing

@Suite(.timeLimit(.minutes(1))) struct ProgressReporterTests {
    private struct Broken: Error {}

    /// Reads what is there until the other end is closed or the task is cancelled.
    private static func read(_ descriptor: FileDescriptor) async -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            do {
                let count = try buffer.withUnsafeMutableBytes { try descriptor.read(into: $0) }
                if count == 0 { return bytes }
                bytes.append(contentsOf: buffer[..<count])
            } catch Errno.wouldBlock {
                if Task.isCancelled { return bytes }
                try? await Task.sleep(for: .milliseconds(5))
            } catch {
                return bytes
            }
        }
    }

    private static func makeNonBlocking(_ descriptor: FileDescriptor) {
        _ = fcntl(descriptor.rawValue, F_SETFL, fcntl(descriptor.rawValue, F_GETFL) | O_NONBLOCK)
    }

    @Test("writes everything before it returns")
    func pipe() async throws {
        let (reading, writing) = try FileDescriptor.pipe()
        Self.makeNonBlocking(reading)
        let text = Task { String(decoding: await Self.read(reading), as: UTF8.self) }
        let reporter = ProgressReporter(display: PlainDisplay(), output: writing)
        let answer = await reporter.follow { queue in
            queue.send(.started(Steps.make, at: .now))
            for number in 0..<20_000 {
                queue.send(.output(step: 3, stream: .stdout, bytes: Array("line \(number)\n".utf8)))
            }
            queue.send(.finished(step: 3, outcome: .done, at: .now))
            return 42
        }
        try writing.close()
        let lines = await text.value.split(separator: "\n")
        try reading.close()
        #expect(answer == 42)
        #expect(lines.count == 20_002)
        #expect(lines.allSatisfy { $0.hasPrefix("#3 ") })
        #expect(lines.dropLast().last?.hasSuffix(" line 19999") == true)
    }

    @Test("never holds up a build that nobody watches, and gives up soon when it is interrupted")
    func stalled() async throws {
        let (reading, writing) = try FileDescriptor.pipe()
        let reporter = ProgressReporter(display: PlainDisplay(), output: writing)
        let build = Task {
            await reporter.follow { queue in
                queue.send(.started(Steps.make, at: .now))
                let block = Array(String(repeating: "some output\n", count: 5000).utf8)
                for _ in 0..<500 { queue.send(.output(step: 3, stream: .stdout, bytes: block)) }
                queue.send(.finished(step: 3, outcome: .failed("exit code 1"), at: .now))
                return ContinuousClock.now
            }
        }
        try await Task.sleep(for: .milliseconds(300))
        let interruption = ContinuousClock.now
        build.cancel()
        _ = await build.value
        #expect(interruption.duration(to: .now) < .seconds(30))
        try reading.close()
        try writing.close()
    }

    @Test("lets a build go on whose watcher has gone")
    func gone() async throws {
        // As every program with network connections does; else the kernel would end this one.
        _ = signal(SIGPIPE, SIG_IGN)
        let (reading, writing) = try FileDescriptor.pipe()
        try reading.close()
        let reporter = ProgressReporter(display: PlainDisplay(), output: writing)
        let answer = await reporter.follow { queue in
            queue.send(.started(Steps.make, at: .now))
            queue.send(.finished(step: 3, outcome: .failed("exit code 1"), at: .now))
            return 42
        }
        try writing.close()
        #expect(answer == 42)
        #expect(await reporter.failures.count == 1)
    }

    @Test("shows how a build ends whose task was cancelled")
    func cancelled() async throws {
        let (reading, writing) = try FileDescriptor.pipe()
        Self.makeNonBlocking(reading)
        let text = Task { String(decoding: await Self.read(reading), as: UTF8.self) }
        let reporter = ProgressReporter(display: PlainDisplay(), output: writing)
        let build = Task {
            try await reporter.follow { queue in
                queue.send(.started(Steps.make, at: .now))
                do {
                    try await Task.sleep(for: .seconds(60))
                } catch {
                    queue.send(.finished(step: 3, outcome: .cancelled, at: .now))
                    throw error
                }
            }
        }
        try await Task.sleep(for: .milliseconds(50))
        build.cancel()
        await #expect(throws: CancellationError.self) { try await build.value }
        try writing.close()
        #expect(await text.value.contains("#3 linux/arm64 CANCELED"))
        try reading.close()
    }

    @Test("draws on a real terminal and leaves it as it was", arguments: [(80, 24), (40, 5)])
    func terminal(columns: Int, rows: Int) async throws {
        var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        var ends: (master: CInt, slave: CInt) = (-1, -1)
        try #require(openpty(&ends.master, &ends.slave, nil, nil, &size) == 0)
        let master = FileDescriptor(rawValue: ends.master)
        let slave = FileDescriptor(rawValue: ends.slave)
        Self.makeNonBlocking(master)

        let terminal = ProgressTerminal(slave, environment: ["TERM": "xterm", "LANG": "C.UTF-8", "NO_COLOR": "1"])
        #expect(terminal.isInteractive && terminal.usesUnicode && !terminal.usesColour)
        #expect(terminal.size() == .init(columns: columns, rows: rows))
        let text = Task { String(decoding: await Self.read(master), as: UTF8.self) }
        let reporter = ProgressReporter(mode: .auto, terminal: terminal, output: slave)
        await #expect(throws: Broken.self) {
            try await reporter.follow { queue in
                queue.send(.planned(stepCount: 12))
                for id in 1...10 { queue.send(.started(Steps.run(id, "RUN \(id)"), at: .now)) }
                for id in 1...9 {
                    queue.send(.output(step: id, stream: .stdout, bytes: Array("output of \(id)\n".utf8)))
                    try await Task.sleep(for: .milliseconds(60))
                    queue.send(.finished(step: id, outcome: .done, at: .now))
                }
                queue.send(.finished(step: 10, outcome: .failed("exit code 2"), at: .now))
                throw Broken()
            }
        }
        // The reader sees the end of the terminal when its last other user is gone.
        try slave.close()
        let written = await text.value
        try master.close()

        var screen = ScreenEmulator(columns: columns, height: rows)
        screen.feed(written)
        #expect(screen.complaints.isEmpty)
        #expect(screen.isCursorVisible)
        #expect(screen.text.count == 11)
        #expect(screen.text.first?.hasPrefix(" ✔ [linux/arm64 build 1/99] RUN 1") == true)
        #expect(screen.text.last?.hasSuffix("(10/12) FAILED") == true)
        #expect(written.split(separator: "\u{1B}[?25l").count == 2 || written.hasPrefix("\u{1B}[?25l"))
        let drawings = written.split(separator: "\u{1B}[?7l").count
        #expect((3...12).contains(drawings))
        let failures = await reporter.failures
        #expect(failures.map(\.step.id) == [10])
    }

    @Test(
        "knows a terminal by its descriptor and environment",
        arguments: [
            (["TERM": "xterm", "LC_ALL": "de_DE.UTF-8"], true), (["LANG": "en_US.utf8"], true), (["LANG": "C"], false),
            (["LC_ALL": "C", "LANG": "en_US.UTF-8"], false), (["LC_ALL": "", "LANG": "de_DE.UTF-8@euro"], true),
            ([:], false),
        ])
    func environment(environment: [String: String], usesUnicode: Bool) throws {
        let (reading, writing) = try FileDescriptor.pipe()
        let terminal = ProgressTerminal(writing, environment: environment)
        #expect(!terminal.isInteractive && !terminal.usesColour)
        #expect(terminal.usesUnicode == usesUnicode)
        #expect(terminal.size() == .usual)
        try reading.close()
        try writing.close()
    }
}

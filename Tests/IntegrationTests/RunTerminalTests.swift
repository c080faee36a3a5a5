// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import TestSupport
import Testing

extension Program {
    @Suite("manifold run -it")
    struct RunTerminalTests {
        @Test(
            "a shell has a terminal with the window's size and its keys; afterwards the terminal is as before",
            arguments: ["linux/amd64", "linux/arm64"])
        func shell(platform: String) async throws {
            try await Manifold.with { manifold in
                let steps: [TestTerminal.Step] = [
                    .read("# "), .type("stty size; tty; echo $TERM; echo console > /dev/console; echo begun\n"),
                    .read("begun"), .read("# "), .resize(rows: 41, columns: 121), .type("stty size\n"),
                    .read("41 121"), .read("# "),
                    // Ctrl-C is the running command's, Ctrl-Z gives the shell back, Ctrl-D ends input.
                    .type("sh -c 'echo on; exec sleep 30'\n"), .read("\non\r\n"), .type("\u{3}"), .read("# "),
                    .type("echo code $?\n"),
                    .read("code 130"), .read("# "), .type("sh -c 'echo on; exec sleep 31'\n"), .read("\non\r\n"),
                    .type("\u{1A}"),
                    .read("Stopped"), .read("# "), .type("sh -c 'echo on; exec cat > /tmp/typed'\n"), .read("\non\r\n"),
                    .type("words\n\u{4}"), .read("# "), .type("cat /tmp/typed; exit 7\n"), .read("words\r\n"),
                    .read("stopped jobs"), .read("# "), .type("exit 7\n"),
                ]
                let result = try await manifold.run(
                    ["run", "-it", "--platform", platform, "\(try SharedRegistry.host)/busybox", "sh"],
                    TestTerminal.setting(steps))
                #expect(result.status == .exited(7), result.comment)
                #expect(result.output.contains("30 100\r\n/dev/pts/0\r\nvt100\r\nconsole\r\n"), result.comment)
                #expect(!result.output.contains(TestTerminal.disorder), result.comment)
                #expect(!result.output.contains("This was not done"), result.comment)
            }
        }

        @Test(
            "whatever ends it, the terminal is as before and nothing is left",
            arguments: [(SIGTERM, 128 + SIGTERM), (SIGHUP, 128 + SIGHUP), (SIGSEGV, 128 + SIGSEGV)])
        func ended(signal: Int32, code: Int32) async throws {
            try await Manifold.with { manifold in
                let number = "\(Int.random(in: 1_000_000..<9_000_000))"
                let result = try await manifold.run(
                    [
                        "run", "-it", "\(try SharedRegistry.host)/busybox", "sh", "-c",
                        "echo begun; exec sleep \(number)",
                    ], TestTerminal.setting([.read("begun"), .type("typed"), .signal(signal)]))
                #expect(result.status == .exited(code), result.comment)
                #expect(!result.output.contains(TestTerminal.disorder), result.comment)
                let isGone = try await eventually { ProcessTable.processes(with: "sleep", number).isEmpty }
                #expect(isGone)
            }
        }

        @Test("an ordinary user of the image owns the terminal, and the image or -e say another TERM")
        func ordinaryUser() async throws {
            try await Manifold.with { manifold in
                let result = try await manifold.run(
                    [
                        "run", "-it", "-u", "12:34", "-e", "TERM=linux", "\(try SharedRegistry.host)/busybox", "sh",
                        "-c",
                        "echo $TERM; echo written > /dev/tty; stat -c '%u %a' /dev/pts/0; test -t 0 -a -t 1 -a -t 2",
                    ], TestTerminal.setting([]))
                #expect(result.status == .exited(0), result.comment)
                #expect(result.output == "linux\r\nwritten\r\n12 620\r\n", result.comment)
            }
        }

        @Test("-t alone is a terminal at which nobody types; -i with it wants one to type at")
        func withoutKeyboard() async throws {
            try await Manifold.with { manifold in
                let image = "\(try SharedRegistry.host)/busybox"
                let alone = try await manifold.run(["run", "-t", image, "sh", "-c", "stty size; test -t 0; echo $?"])
                #expect(alone.status == .exited(0) && alone.output == "24 80\r\n0\r\n", alone.comment)
                let piped = try await manifold.run(["run", "-it", image, "sh"])
                #expect(piped.status == .exited(125), piped.comment)
                #expect(piped.errorOutput.contains("standard input is not a terminal"), piped.comment)
                let interrupted = try await manifold.run(
                    ["run", "-t", image, "sh", "-c", "echo begun; exec sleep 30"],
                    TestTerminal.setting([.read("begun"), .type("\u{3}")]))
                #expect(interrupted.status == .exited(130), interrupted.comment)
            }
        }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite struct ChildProcessTests {
    @Test("output, error output and exit code come back") func capturesEverything() async throws {
        let result = try await ChildProcess.run(
            "sh", ["-c", "cat; echo $WORD; echo oops >&2; exit 3"], environment: ["WORD": "hello"],
            input: Array("in ".utf8))
        #expect(result.output == "in hello\n")
        #expect(result.errorOutput == "oops\n")
        #expect(result.status == .exited(3))
    }

    @Test("a child starts in the directory it is told") func workingDirectory() async throws {
        #expect(try await ChildProcess.run("pwd", workingDirectory: "/usr").output == "/usr\n")
    }

    @Test("a time limit kills the child and what it started") func timeLimit() async throws {
        let start = ContinuousClock.now
        await #expect(throws: ChildProcessError.self) {
            try await ChildProcess.run("sh", ["-c", "sleep 60 & sleep 60"], timeout: .milliseconds(100))
        }
        #expect(ContinuousClock.now - start < .seconds(10))
    }

    @Test("a program that is not there is an error") func missingProgram() async {
        await #expect(throws: ChildProcessError.self) { try await ChildProcess.run("no-such-program") }
    }

    @Test("a running child can be stopped", arguments: [ChildProcess.Lifetime.independent, .boundToTests])
    func stop(lifetime: ChildProcess.Lifetime) async throws {
        let child = try ChildProcess.start("sleep", ["60"], lifetime: lifetime)
        #expect(child.isRunning)
        #expect(await child.stop() != nil)
        #expect(!child.isRunning)
        // What the child had started may take a moment longer to be gone.
        let deadline = ContinuousClock.now + .seconds(10)
        while Glibc.kill(-child.id, 0) == 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(Glibc.kill(-child.id, 0) == -1)
    }
}

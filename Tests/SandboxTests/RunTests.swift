// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing
import sandbox_probe

@Suite("A run in a real sandbox")
struct RunTests {
    @Test("exit codes and signals come back as they are", arguments: Who.allCases)
    func status(who: Who) async throws {
        let directory = try ProbeDirectory()
        let exited = try await directory.run(directory.request("echo out; echo err >&2; exit 42"), as: who)
        #expect(exited.code == 42)
        #expect(exited.output == "out\n")
        #expect(exited.errors == "err\n")
        let killed = try await directory.run(directory.request("kill -TERM $$"), as: who)
        #expect(killed.signal == SIGTERM)
        #expect(killed.code == nil)
    }

    @Test("a megabyte of output arrives whole and in order")
    func output() async throws {
        let directory = try ProbeDirectory()
        let result = try await directory.run(
            directory.request(
                "i=0; while [ $i -lt 20000 ]; do echo \"line $i of very many lines of output\"; i=$((i+1)); done"))
        let expected = (0..<20000).map { "line \($0) of very many lines of output\n" }.joined()
        #expect(result.output == expected)
    }

    @Test("the environment is what was given and nothing else")
    func environment() async throws {
        let directory = try ProbeDirectory()
        var request = try await directory.request("")
        request.arguments = ["env"]
        request.environment = ["PATH=/bin", "EMPTY=", "A=b=c d", "LINES=x\ny"]
        let result = try await directory.run(request)
        #expect(result.output == "PATH=/bin\nEMPTY=\nA=b=c d\nLINES=x\ny\n")
    }

    @Test("init shows nothing of manifold's arguments and environment")
    func initIsEmpty() async throws {
        let directory = try ProbeDirectory()
        let result = try await directory.run(
            directory.request(
                """
                cat /proc/1/cmdline | grep -c probe; cat /proc/1/environ; cat /proc/1/comm; cat /proc/1/maps
                ls /proc/1/root
                """
            ))
        #expect(result.output.hasPrefix("0\n"))
        #expect(result.output.hasSuffix("init\n"))
        #expect(result.errors.contains("'/proc/1/environ': Permission denied"))
        #expect(result.errors.contains("'/proc/1/maps': Permission denied"))
    }

    @Test("user, group and groups are those of the image's files", arguments: Who.allCases)
    func identity(who: Who) async throws {
        let directory = try ProbeDirectory()
        let layer = try await directory.layer(
            "users",
            """
            mkdir etc; echo app:x:1000:100::/home/app:/bin/sh >etc/passwd
            printf 'users:x:100:\\nextra:x:2000:app,x\\n' >etc/group
            """
        )
        var request = try await directory.request("id -u; id -g; id -G; grep Cap /proc/self/status", layers: [layer])
        request.user = "app"
        let result = try await directory.run(request, as: who)
        let lines = result.output.split(separator: "\n")
        #expect(lines.prefix(3) == ["1000", "100", "100 2000"])
        #expect(lines.contains("CapEff:\t0000000000000000"))
        #expect(lines.contains("CapBnd:\t00000000a80425fb"))
    }

    @Test("root has Docker's default capabilities and no others")
    func capabilities() async throws {
        let directory = try ProbeDirectory()
        let result = try await directory.run(directory.request("grep -E 'Cap|NoNewPrivs|^Seccomp:' /proc/self/status"))
        #expect(
            result.output == """
                CapInh:\t0000000000000000
                CapPrm:\t00000000a80425fb
                CapEff:\t00000000a80425fb
                CapBnd:\t00000000a80425fb
                CapAmb:\t0000000000000000
                NoNewPrivs:\t0
                Seccomp:\t2

                """)
    }

    @Test("no descriptor but the three standard ones is open, and standard input is empty")
    func descriptors() async throws {
        let directory = try ProbeDirectory()
        // 3 is the directory that ls itself has open, which is gone when it is asked for.
        let result = try await directory.run(directory.request("ls /proc/self/fd; cat"))
        #expect(result.output == "0\n1\n2\n3\n")
        #expect(result.code == 0)
    }

    @Test("what was started in the background ends with the program")
    func background() async throws {
        let directory = try ProbeDirectory()
        let result = try await directory.run(directory.request("sleep 1000 & sleep 1000 & exit 3"))
        #expect(result.code == 3)
        #expect(result.seconds < 5)
        #expect(!result.hasChildren)
    }

    @Test("orphans are reaped")
    func orphans() async throws {
        let directory = try ProbeDirectory()
        let result = try await directory.run(
            directory.request(
                "for i in 1 2 3 4 5; do sh -c 'true & true &'; done; sleep 0.3; ps | grep -c '\\[true\\]'; true"))
        #expect(result.output == "0\n")
    }

    @Test("two hundred runs beside busy threads all end well and leave nothing behind", .timeLimit(.minutes(3)))
    func manyRuns() async throws {
        let directory = try ProbeDirectory()
        var request = try await directory.request("echo done")
        request.count = 200
        request.busyThreads = 4
        let result = try await directory.run(request)
        #expect(result.equalRuns == 200)
        #expect(result.output == "done\n")
        #expect(result.leakedDescriptors == 0)
        #expect(!result.hasChildren)
    }

    @Test("a run that is cancelled ends at once with everything that it started", arguments: Who.allCases)
    func cancellation(who: Who) async throws {
        let directory = try ProbeDirectory()
        var request = try await directory.request("trap '' TERM INT; sleep 1000 & sleep 1000")
        request.cancelAfter = 300
        let result = try await directory.run(request, as: who)
        #expect(result.wasCancelled)
        #expect(result.seconds < 2.3)
        #expect(!result.hasChildren)
        #expect(result.leakedDescriptors == 0)
    }

    @Test("when manifold is killed by SIGKILL, what runs in its sandboxes ends within two seconds")
    func killedParent() async throws {
        let directory = try ProbeDirectory()
        let seconds = "\(getpid())\(Int.random(in: 100...999))"
        var request = try await directory.request("sleep \(seconds) & sleep \(seconds)")
        request.isStreaming = true
        let probe = try ChildProcess.start(
            ProbeDirectory.command(.caller)[0], input: Array(JSONEncoder().encode(request)))
        try await eventually { Self.count("sleep \(seconds)") == 2 }
        kill(probe.id, SIGKILL)
        _ = try await probe.wait()
        try await eventually(within: .seconds(2)) { Self.count("sleep \(seconds)") == 0 }
    }

    @Test("limits, hostname and working directory are those that were asked for")
    func surroundings() async throws {
        let directory = try ProbeDirectory()
        var request = try await directory.request("pwd; hostname; ulimit -n; umask")
        request.workingDirectory = "/bin"
        request.hostname = "build-1"
        let result = try await directory.run(request)
        #expect(result.output == "/bin\nbuild-1\n1024\n0022\n")
    }

    private static func count(_ commandLine: String) -> Int {
        let wanted = commandLine.replacing(" ", with: "\0") + "\0"
        guard let entries = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else { return -1 }
        return entries.filter { $0.allSatisfy(\.isNumber) }.count { entry in
            guard let data = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline") else { return false }
            return String(decoding: data, as: UTF8.self) == wanted
        }
    }
}

/// Waits until something is so.
func eventually(within limit: Duration = .seconds(20), _ condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + limit
    while !condition() {
        try #require(ContinuousClock.now < deadline, "not so within \(limit)")
        try await Task.sleep(for: .milliseconds(20))
    }
}

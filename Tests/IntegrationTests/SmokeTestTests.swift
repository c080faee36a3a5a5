// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("manifold build --test")
    struct SmokeTestTests {
        private static let two = ["--platform", "linux/amd64,linux/arm64"]

        @Test("each test runs in every platform's image, as the image has it, and the result is published")
        func passing() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/smoke/passing:1"
                let context = try manifold.context(
                    Program.dockerfile(
                        "ENV WORD=said", "WORKDIR /srv", "USER 12:34", #"SHELL ["sh", "-euc"]"#,
                        #"ENTRYPOINT ["no-such-program"]"#))
                let log = try await manifold.build(
                    try Program.busybox + Self.two + [
                        "-t", name, "--push", "--test", "echo $(uname -m) $WORD $(pwd) $(id -u) $-; ls /sys/class/net",
                        "--test", #"["echo", "two words", "$WORD"]"#,
                    ], context)
                try #require(log.succeeded, log.comment)
                for (platform, machine) in [("linux/amd64", "x86_64"), ("linux/arm64", "aarch64")] {
                    let lines = log.output(of: platform)
                    let first = lines.first { $0.hasPrefix("\(machine) said /srv 12 ") }
                    #expect(first?.contains(/12 \w*u/) == true, log.comment)
                    #expect(lines.contains("two words $WORD") && lines.contains("lo"), log.comment)
                }
                #expect(log.outcomes(of: "test ") == ["done", "done", "done", "done"], log.comment)
                // An unchanged build is tested again all the same.
                let again = try await manifold.build(
                    try Program.busybox + Self.two + ["-t", name, "--push", "--test", "true"], context)
                #expect(again.outcomes(of: "test true") == ["done", "done"], again.comment)
            }
        }

        @Test("a test that fails for one platform is told with its output, and neither tag nor name nor file moves")
        func failing() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/smoke/failing:1"
                let outputs = [
                    "-t", name, "--output", "type=registry", "--output", "type=image", "--output",
                    "type=oci,dest=\(manifold.path("app.tar"))",
                ]
                let first = try await manifold.build(
                    try Program.busybox + Self.two + outputs + ["--test", "true"],
                    try manifold.context(Program.dockerfile("RUN echo first > /word")))
                try #require(first.succeeded, first.comment)
                let digest = try await Program.skopeo("inspect", "--raw", "--tls-verify=false", "docker://\(name)")
                let names = try await manifold.run(["images"])
                let archive = try await ChildProcess.run("sha256sum", [manifold.path("app.tar").string])

                let context = try manifold.context(Program.dockerfile("RUN echo second > /word"))
                let command = "cat /word; test $(uname -m) = x86_64"
                let arguments = ["build", "--progress", "plain"] + (try Program.busybox) + Self.two + outputs
                let failed = try await manifold.run(
                    arguments + ["--test", command, "--test", "exit 9", context.string])
                #expect(failed.status == .exited(1), failed.comment)
                for words in [
                    " > [linux/arm64] test \(command):", "error: linux/arm64: test \(command): exit code 1",
                    "error: linux/amd64: test exit 9: exit code 9", "error: linux/arm64: test exit 9: exit code 9",
                ] { #expect(failed.errorOutput.contains(words), failed.comment) }
                #expect(!failed.errorOutput.contains("error: linux/amd64: test \(command)"), failed.comment)
                #expect(failed.errorOutput.contains(/\d second\n------/), failed.comment)

                let now = try await Program.skopeo("inspect", "--raw", "--tls-verify=false", "docker://\(name)")
                #expect(now.output == digest.output && !digest.output.isEmpty)
                #expect(try await manifold.run(["images"]).output == names.output && names.output.contains("failing"))
                let file = try await ChildProcess.run("sha256sum", [manifold.path("app.tar").string])
                #expect(file.output == archive.output)
            }
        }

        @Test("an image without a shell is tested by a program, and a shell's line in it fails with a reason")
        func shellless() async throws {
            try await Manifold.with { manifold in
                let context = try manifold.context(
                    "ARG BASE\nFROM $BASE AS files\nFROM scratch\nCOPY --from=files /bin/busybox /busybox\n")
                let log = try await manifold.build(
                    try Program.busybox + Self.two + ["--test", #"["/busybox", "uname", "-m"]"#], context)
                try #require(log.succeeded, log.comment)
                #expect(log.output(of: "linux/arm64").contains("aarch64"), log.comment)
                let failed = try await manifold.build(try Program.busybox + ["--test", "uname -m"], context)
                #expect(!failed.succeeded && "\(failed)".contains("program /bin/sh not found in the image"))
                #expect("\(failed)".contains(#"--test '[\"/app\", \"--version\"]'"#), failed.comment)
            }
        }

        @Test(
            "--test-up: what the image starts has to stay up; what ends before, well or not, fails",
            arguments: [("httpd -f -p 8080", nil), ("sleep 0.3", "exit code 0"), ("httpd --deamon", "exit code 1")])
        func staysUp(command: String, end: String?) async throws {
            try await Manifold.with { manifold in
                let log = try await manifold.build(
                    try Program.busybox + Self.two + ["--test-up", "1s"],
                    try manifold.context(Program.dockerfile("CMD exec \(command)")))
                let outcomes = log.outcomes(of: "test that it stays up for 1s")
                #expect(outcomes == Array(repeating: end == nil ? "done" : "failed", count: 2), log.comment)
                #expect(log.succeeded == (end == nil), log.comment)
                if let end { #expect("\(log)".contains("s with \(end)"), log.comment) }
            }
        }

        @Test("--test-up with a HEALTHCHECK: it runs beside what the image starts, and has to succeed in time")
        func healthcheck() async throws {
            try await Manifold.with { manifold in
                let check = "HEALTHCHECK --interval=300ms --retries=2"
                for (instructions, outcome, words) in [
                    // It sees the other's files, processes and network, which this machine has not.
                    (
                        [
                            "\(check) CMD cat /tmp/up && kill -0 $(cat /tmp/up) && wget -qO- http://127.0.0.1:8123/ | grep well",
                            "USER 12",
                            "CMD mkdir /tmp/w; echo well > /tmp/w/index.html; httpd -p 8123 -h /tmp/w; sleep 0.3; echo $$ > /tmp/up; exec sleep 60",
                        ],
                        "done", "well"
                    ),
                    (
                        [check + #" CMD ["test", "-e", "/no"]"#, "CMD exec sleep 60"], "failed",
                        "the last with exit code 1"
                    ),
                    (["\(check) --timeout=200ms CMD sleep 61", "CMD exec sleep 60"], "failed", "no end in time"),
                    ([check + #" CMD ["curl"]"#, "CMD exec sleep 60"], "failed", "program curl not found"),
                    (
                        ["HEALTHCHECK CMD false", "CMD sleep 0.5; exit 3"], "failed",
                        "s with exit code 3"
                    ),
                ] {
                    let dockerfile = (["ARG BASE", "FROM $BASE"] + instructions).joined(separator: "\n") + "\n"
                    let log = try await manifold.build(
                        try Program.busybox + Self.two + ["--test-up", outcome == "done" ? "15s" : "100ms"],
                        try manifold.context(dockerfile))
                    #expect(log.outcomes(of: "test that it turns healthy") == [outcome, outcome], log.comment)
                    #expect("\(log)".contains(words), log.comment)
                }
            }
            #expect(ProcessTable.processes(with: "sleep", "61").isEmpty)
        }

        @Test(
            "flags that make no sense are errors before anything is done, and a test that hangs is stopped",
            arguments: [
                (["--test", " "], "without a command"), (["--test", "[]"], "names no program"),
                (["--test-up", "soon"], "is no time"), (["--test-up", "1h"], "is longer than a test may take, 2m"),
                (["--test-network", "moon", "--test", "true"], "moon is not known"),
                (["--test", "sleep 60", "--test-timeout", "500ms"], "it still ran after 0.5s and was stopped"),
            ])
        func refused(flags: [String], words: String) async throws {
            try await Manifold.with { manifold in
                let log = try await manifold.build(
                    try Program.busybox + flags, try manifold.context(Program.dockerfile()))
                #expect(!log.succeeded && "\(log)".contains(words), log.comment)
            }
        }
    }
}

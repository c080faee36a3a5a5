// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("How much runs at once, how long, and what becomes of a build when a platform fails")
    struct TimeAndMemoryTests {
        private static let failing = Program.dockerfile(
            "ARG TARGETARCH", "RUN echo $TARGETARCH > /arch", "RUN test $TARGETARCH != arm64", "RUN echo after > /after"
        )
        private static let two = "linux/amd64,linux/arm64"

        @Test("commands for which there is no memory beside others run one after the other")
        func memory() async throws {
            try await Manifold.with { manifold in
                let dockerfile = Program.dockerfile(
                    "RUN sleep 0.3; echo 1 > /1", "FROM $BASE", "RUN sleep 0.3; echo 2 > /2",
                    "FROM scratch", "COPY --from=0 /1 /", "COPY --from=1 /2 /")
                for (arguments, isTogether) in [(["--memory", "600m"], false), (["-j", "1"], false), ([], true)] {
                    let log = try await Program.build(
                        dockerfile, arguments + ["--jobs", arguments == ["-j", "1"] ? "1" : "4", "--no-cache"],
                        with: manifold)
                    try #require(log.succeeded, log.comment)
                    let runs = log.events.filter { $0["title"].string?.hasPrefix("RUN") == true }.map { $0["step"] }
                    let order = log.events.filter { runs.contains($0["step"]) && $0["event"] != "output" }
                        .compactMap(\.["event"].string)
                    let apart = ["started", "finished", "started", "finished"]
                    #expect((order != apart) == isTogether, "\(arguments) \(order)")
                }
            }
        }

        @Test("an optional platform that fails is left out of the list that is published, and that is said everywhere")
        func optional() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/optional:1"
                let context = try manifold.context(Self.failing)
                let metadata = manifold.path("metadata.json")
                let log = try await manifold.build(
                    try Program.busybox + [
                        "--platform", "linux/amd64", "--optional-platform", "arm64,linux/riscv64", "-t", name, "--push",
                        "--metadata-file", metadata.string, "--result", manifold.path("result.json").string,
                    ], context)
                try #require(log.succeeded, log.comment)
                let list = try #require(try await Program.raw(name))
                #expect(list["manifests"].array.map { ImageLayout.platform($0["platform"]) } == ["linux/amd64"])
                let failed = try #require(log.events.last { $0["event"] == "completed" })["failed"].array
                #expect(failed.compactMap(\.["platform"].string).sorted() == ["linux/arm64", "linux/riscv64"])
                for platform in ["arm64", "riscv64"] {
                    #expect(
                        log.events.contains {
                            $0["event"] == "warning"
                                && $0["message"].string?.hasPrefix("linux/\(platform) FAILED and is left out") == true
                        }, log.comment)
                }
                let told = try JSONValue(parsing: Array(manifold.text(of: metadata).utf8))["manifold.failed"]
                #expect(told["linux/arm64"].string?.contains("RUN test $TARGETARCH != arm64: exit code 1") == true)
                #expect(told["linux/riscv64"].string?.contains("has no image for linux/riscv64") == true)
                let result = try JSONValue(parsing: Array(manifold.text(of: manifold.path("result.json")).utf8))
                #expect(result["missing"].members.count == 2 && result["images"].array.count == 1)

                let plain = try await manifold.run(
                    ["build", "--progress", "plain"] + Program.busybox + [
                        "--platform", "linux/amd64", "--optional-platform", "linux/arm64", context.string,
                    ])
                #expect(plain.succeeded, plain.comment)
                #expect(plain.errorOutput.contains("linux/arm64   FAILED         line 5:"), plain.comment)
                #expect(plain.errorOutput.contains(">>> RUN test $TARGETARCH != arm64"), plain.comment)
            }
        }

        @Test("--keep-going finishes the other platforms, publishes nothing, and the next build goes on from there")
        func keepGoing() async throws {
            try await Manifold.with { manifold in
                let name = "\(try SharedRegistry.host)/resumed:1"
                let arguments = try Program.busybox + ["--platform", Self.two, "-t", name, "--push"]
                let log = try await manifold.build(
                    arguments + ["--keep-going"], try manifold.context(Self.failing))
                #expect(log.result.status == .exited(1), log.comment)
                #expect(log.message.contains("1 of 2 platforms failed, and nothing is published"), log.comment)
                #expect(log.message.contains("linux/arm64: line 5: RUN test"), log.comment)
                #expect(log.message.contains("linux/amd64: built, and kept in the store as sha256:"), log.comment)
                #expect(log.outcomes(of: "RUN echo after") == ["done"])
                #expect(try await Program.raw(name) == nil)

                let mended = Self.failing.replacing("!= arm64", with: "!= mips")
                let first = try await manifold.build(arguments, try manifold.context(Self.failing, name: "same"))
                #expect(first.outcomes(of: "RUN echo $TARGETARCH") == ["cached", "cached"], first.comment)
                let next = try await manifold.build(arguments, try manifold.context(mended))
                try #require(next.succeeded, next.comment)
                #expect(next.outcomes(of: "RUN echo $TARGETARCH") == ["cached", "cached"])
                #expect(try #require(try await Program.raw(name))["manifests"].array.count == 2)
            }
        }

        @Test("a silent step's processes are told of, by the names that people know")
        func heartbeat() async throws {
            try await Manifold.with { manifold in
                let dockerfile = Program.dockerfile("RUN (while :; do :; done) & sleep 2.5; kill $!; echo done")
                let log = try await Program.build(
                    dockerfile, platforms: "linux/arm64", ["--heartbeat", "1s"], with: manifold)
                try #require(log.succeeded, log.comment)
                let silent = log.events.filter { $0["event"] == "silent" }
                #expect(silent.count == 1, log.comment)
                let commands = silent.first?["processes"].array.compactMap(\.["command"].string) ?? []
                #expect(commands.contains("sleep 2.5") && !commands.contains { $0.contains("qemu-") }, log.comment)
                #expect(silent.first?["message"] == .null)
                let busy = silent.first?["processes"].array.contains { $0["seconds"] != 0 && $0["state"] == "R" }
                #expect(busy == true, log.comment)

                let context = try manifold.context(Program.dockerfile("RUN sleep 2.2"))
                let plain = try await manifold.run(
                    ["build", "--progress", "plain"] + Program.busybox + [context.string],
                    .environment(["MANIFOLD_HEARTBEAT": "1"]))
                #expect(plain.succeeded, plain.comment)
                #expect(plain.errorOutput.contains(" nothing printed for 1."), plain.comment)
                #expect(plain.errorOutput.contains(" S 0.0s sleep 2.2\n"), plain.comment)
                #expect(plain.errorOutput.contains("it may hang, or wait for the network"), plain.comment)
            }
        }

        @Test("a step that takes too long is killed with all that it has started, and the error says what ran")
        func timeout() async throws {
            try await Manifold.with { manifold in
                let number = "\(Int.random(in: 1_000_000..<9_000_000))"
                let dockerfile = Program.dockerfile(
                    "ARG TARGETARCH", "RUN test $TARGETARCH = amd64 || (setsid sleep \(number) & sleep \(number))")
                let start = ContinuousClock.now
                let log = try await Program.build(
                    dockerfile, platforms: "linux/amd64,linux/arm64",
                    ["--timeout", "step=1m,arm64=1.5s", "--keep-going"], with: manifold)
                #expect(log.result.status == .exited(1), log.comment)
                #expect(ContinuousClock.now - start < .seconds(30))
                #expect(log.message.contains("it was stopped after 1.5s, which is its --timeout; it ran"), log.comment)
                #expect(log.message.contains("sleep \(number), sleep \(number)"), log.comment)
                #expect(log.message.contains("linux/amd64: built"), log.comment)
                #expect(try await eventually(within: .seconds(1)) { ProcessTable.processes(with: number).isEmpty })
            }
        }

        @Test("MANIFOLD_JOBS is there for the command that asks for it, and another number changes no step")
        func commandJobs() async throws {
            try await Manifold.with { manifold in
                let dockerfile = Program.dockerfile("ARG MANIFOLD_JOBS", "RUN echo \"$MANIFOLD_JOBS processes\"")
                let log = try await Program.build(dockerfile, ["--memory", "600m"], with: manifold)
                #expect(log.output(of: "linux/amd64") == ["1 processes"], log.comment)
                let again = try await Program.build(dockerfile, ["--memory", "64g"], with: manifold)
                #expect(again.outcomes(of: "RUN") == ["cached"] && again.digest == log.digest, again.comment)
            }
        }

        @Test(
            "a slip in a flag is told before anything is done",
            arguments: [
                (["--memory", "much"], "--memory much is no size"), (["--jobs", "0"], "at least one step has to run"),
                (["--timeout", "soon"], "soon is no time"),
                (["--timeout=-10000000000"], "-10000000000 is no time"), (["--timeout", ""], "--timeout is empty"),
                (["--timeout", "s390x=1h"], "nothing is built for linux/s390x"),
                (["--heartbeat", "x"], "--heartbeat x: x is no time"),
                (["--optional-platform", "linux/none of these"], "none of these"),
            ])
        func slips(arguments: [String], sentence: String) async throws {
            try await Manifold.with { manifold in
                let log = try await Program.build(Self.failing, arguments, with: manifold)
                #expect(!log.succeeded && log.message.contains(sentence), log.comment)
                #expect(log.titles.isEmpty)
            }
        }
    }
}

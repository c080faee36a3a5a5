// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

extension Program {
    @Suite("What ends before its time", .serialized)
    struct InterruptionTests {
        @Test(
            "SIGINT and SIGTERM end every process within two seconds and leave nothing behind",
            arguments: Manifold.Account.available, [SIGINT, SIGTERM])
        func signals(account: Manifold.Account, signal: Int32) async throws {
            try await Manifold.with(account) { manifold in
                let number = "\(Int.random(in: 1_000_000..<9_000_000))"
                // A shell that would survive the signal, and processes that have left its group.
                let context = try manifold.context(
                    Program.dockerfile("RUN trap '' INT TERM; setsid sleep \(number) & sleep \(number)"))
                let words =
                    try ["build", "--progress", "json"] + Program.busybox
                    + ["--platform", "linux/amd64,linux/arm64", context.string]
                let child = try manifold.start(words)
                defer { child.kill(SIGKILL) }
                let isRunning = try await eventually {
                    ProcessTable.processes(with: "sleep", number).count >= 4
                }
                let soFar = try child.outputSoFar()
                try #require(isRunning, "\(soFar)")
                let id = try #require(ProcessTable.manifold(in: context))

                let start = ContinuousClock.now
                kill(id, signal)
                let result = try await child.wait(timeout: .seconds(20))
                #expect(ContinuousClock.now - start < .seconds(2))
                #expect(result.status == .exited(128 + signal), result.comment)
                #expect(result.errorOutput.contains("interrupted"), result.comment)
                #expect(try await eventually(within: .seconds(1)) { ProcessTable.processes(with: number).isEmpty })
                #expect(ProcessTable.processes(withMountsIn: manifold.store).isEmpty)
                #expect(Self.scratch(manifold) == [])

                let next = try await Program.build(Program.dockerfile("RUN true"), with: manifold)
                #expect(next.succeeded, next.comment)
            }
        }

        @Test(
            "Ctrl-C, which the terminal sends to everything, is an interruption and no failed step",
            arguments: Manifold.Account.available)
        func processGroup(account: Manifold.Account) async throws {
            try await Manifold.with(account) { manifold in
                let number = "\(Int.random(in: 1_000_000..<9_000_000))"
                let context = try manifold.context(Program.dockerfile("RUN sleep \(number)"))
                let words =
                    try ["build", "--progress", "plain"] + Program.busybox
                    + ["--platform", "linux/amd64,linux/arm64", context.string]
                let child = try manifold.start(words)
                defer { child.kill(SIGKILL) }
                let isRunning = try await eventually { ProcessTable.processes(with: "sleep", number).count >= 2 }
                let soFar = try child.outputSoFar()
                try #require(isRunning, "\(soFar)")
                child.kill(SIGINT)
                let result = try await child.wait(timeout: .seconds(20))
                #expect(result.status == .exited(128 + SIGINT), result.comment)
                #expect(!result.errorOutput.contains("error:"), result.comment)
                #expect(try await eventually(within: .seconds(1)) { ProcessTable.processes(with: number).isEmpty })
            }
        }

        @Test(
            "SIGTERM ends a build that waits for a registry, for the answer to a pull or a push",
            arguments: ["HEAD", "PUT"])
        func waitingForRegistry(method: String) async throws {
            try await Manifold.with { manifold in
                try await TestRegistry.with { registry in
                    registry.add(Fault(.delay(.seconds(60)), method: method, path: "/manifests/", times: .max))
                    let base = method == "HEAD" ? "\(registry.host)/base" : "scratch"
                    let context = try manifold.context("FROM \(base)\nCOPY a /\n", files: ["a": "1"])
                    let child = try manifold.start(
                        ["build", "--push", "--tag", "\(registry.host)/app:1", context.string])
                    defer { child.kill(SIGKILL) }
                    let waits = try await eventually {
                        registry.requests.contains { $0.method == method && $0.target.contains("/manifests/") }
                    }
                    let soFar = try child.outputSoFar()
                    try #require(waits, "\(soFar)")
                    let start = ContinuousClock.now
                    kill(try #require(ProcessTable.manifold(in: context)), SIGTERM)
                    let result = try await child.wait(timeout: .seconds(30))
                    #expect(ContinuousClock.now - start < .seconds(2))
                    #expect(result.status == .exited(128 + SIGTERM), result.comment)
                }
            }
        }

        @Test(
            "a build that is killed at any moment leaves a store that the next one uses",
            arguments: [10, 60, 120, 200, 300, 450, 700, 1000])
        func killed(milliseconds: Int) async throws {
            try await Manifold.with { manifold in
                let number = "\(Int.random(in: 1_000_000..<9_000_000))"
                let dockerfile = Program.dockerfile(
                    "COPY a /", "RUN seq 20000 > /numbers; sleep 0.\(number)", "RUN wc -l < /numbers")
                let context = try manifold.context(dockerfile, files: ["a": "1"])
                let words =
                    try ["build"] + Program.busybox + ["--platform", "linux/amd64,linux/arm64"]
                    + Program.layout(manifold) + [context.string]
                let child = try manifold.start(words)
                let isThere = try await eventually { ProcessTable.manifold(in: context) != nil || !child.isRunning }
                #expect(isThere)
                try await Task.sleep(for: .milliseconds(milliseconds + Int.random(in: 0..<20)))
                if let id = ProcessTable.manifold(in: context) { kill(id, SIGKILL) }
                _ = try await child.wait()
                #expect(
                    try await eventually(within: .seconds(2)) { ProcessTable.processes(with: "0.\(number)").isEmpty })

                let next = try await Program.build(
                    dockerfile, platforms: "linux/amd64,linux/arm64", with: manifold)
                #expect(next.succeeded, next.comment)
                #expect(Self.scratch(manifold) == [])
                let image = try ImageLayout(manifold.path("out")).image("linux/arm64")
                let numbers = try await ImageLayout.content(of: "numbers", in: image.layers[2])
                #expect(numbers.count == 108_894)
            }
        }

        /// What lies in the store of work that nobody does any more.
        private static func scratch(_ manifold: Manifold) -> [String] {
            (try? FileManager.default.contentsOfDirectory(atPath: manifold.store.appending("scratch").string)) ?? [
                "none"
            ]
        }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Glibc
import Layers
import OCI
import Store
import SystemPackage
import Testing

@Suite("Build: what goes wrong", .enabled(if: isRoot, "steps change owners: needs root"))
struct FailureTests {
    let three = ["linux/amd64", "linux/arm64", "linux/arm/v7"]

    /// The error of a build that must fail, and what its exporter saw.
    private func failure(
        _ place: Workplace, _ text: String? = nil, for platforms: [String] = ["linux/amd64"],
        _ change: (inout BuildRequest) -> Void = { _ in }
    ) async throws -> BuildError {
        let exporter = CapturingExporter()
        let error = await #expect(throws: BuildError.self) {
            try await place.build(text, for: platforms, exporters: [exporter], change)
        }
        #expect(exporter.result == nil)
        return try #require(error)
    }

    @Test("a command that fails on one platform of three fails the build; nothing is exported")
    func failingCommand() async throws {
        let place = try Workplace()
        let error = try await failure(
            place, "FROM base\nRUN write /x 1\n\nRUN say hello;failon arm 42\nRUN after\n", for: three)
        guard case .command(let step, let platform, let line, let status, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(platform.description == "linux/arm/v7")
        #expect(line == 4)
        #expect(status == "exit code 42")
        #expect(step.title == "RUN say hello;failon arm 42")
        #expect(error.description == "linux/arm/v7: line 4: RUN say hello;failon arm 42: exit code 42")
        try expectCleanScratch(place)
    }

    @Test("a stage's name that was mistyped, and so taken for an image's, is told of")
    func mistypedStage() async throws {
        let error = try await failure(
            Workplace(), "FROM base AS builder\nRUN write /a 1\nFROM scratch\nCOPY --from=bulider /a /b\n")
        #expect(error.remedy == "no stage has that name; did you mean \"builder\"?")
    }

    @Test("a command that is killed says by which signal")
    func killed() async throws {
        let error = try await failure(Workplace(), "FROM base\nRUN signal 11\n")
        #expect(error.description == "linux/amd64: line 2: RUN signal 11: killed by signal 11")
    }

    @Test("a failure stops what runs, and every step that was started finishes once")
    func stops() async throws {
        let place = try Workplace()
        let log = EventLog()
        try place.write("Dockerfile", "FROM base\nRUN failon arm 1;wait\n")
        let builder = Builder(
            store: try place.store(), images: place.images, runner: place.runner, host: try Platform("linux/amd64"),
            events: EventRelay { log.append($0) })
        var request = BuildRequest(context: place.context, platforms: try three.map { try Platform($0) })
        request.parallelism = 3
        let start = ContinuousClock.now
        await #expect(throws: BuildError.self) { try await builder.build(request, exporters: []) }
        #expect(ContinuousClock.now - start < .seconds(20))
        var open: [BuildStep.ID: Int] = [:]
        for event in log.events {
            switch event {
            case .started(let step, _): open[step.id, default: 0] += 1
            case .finished(let id, _, _): open[id, default: 0] -= 1
            default: break
            }
        }
        #expect(open.values.allSatisfy { $0 == 0 })
        #expect(log.events.contains { if case .finished(_, .cancelled, _) = $0 { true } else { false } })
        #expect(log.events.contains { if case .finished(_, .failed, _) = $0 { true } else { false } })
    }

    @Test("cancelling ends the build soon and leaves nothing in progress behind")
    func cancellation() async throws {
        let place = try Workplace()
        let store = try place.store()
        let exporter = CapturingExporter()
        let build = Task {
            try await place.build(
                "FROM base\nRUN wait\n", for: three, in: store, exporters: [exporter]
            ) { $0.parallelism = 3 }
        }
        while place.runner.commands.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        build.cancel()
        let start = ContinuousClock.now
        await #expect(throws: CancellationError.self) { try await build.value }
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(try Files.names(in: store.scratch.path).isEmpty)
        #expect(exporter.result == nil)
    }

    @Test("a layer that cannot be unpacked leaves nothing in progress behind")
    func brokenLayer() async throws {
        let place = try Workplace()
        try place.images.add("broken", layers: [[.file("x", "1")]]) { config in
            config.rootfs.diffIDs = [Digest.sha256(of: "something else")]
        }
        let store = try place.store()
        await #expect(throws: BuildError.self) { try await place.build("FROM broken\nRUN x\n", in: store) }
        #expect(try Files.names(in: store.scratch.path).isEmpty)
    }

    private func expectCleanScratch(_ place: Workplace) throws {
        _ = try place.store()
        for name in try Files.names(in: place.root.appending("store/scratch")) where !name.hasSuffix(".lock") {
            let left = try Files.names(in: place.root.appending("store/scratch/\(name)"))
            #expect(left.isEmpty)
        }
    }

    @Test("bases that lack a platform are found before anything runs, all in one error")
    func lackingBases() async throws {
        let place = try Workplace()
        let error = try await failure(
            place, "FROM base AS a\nRUN x\nFROM gone\nCOPY --from=a / /\n", for: three + ["linux/s390x"])
        guard case .unavailableBases(let bases) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(bases.count == 5)
        #expect(error.description.contains("line 1: base:latest has no image for linux/s390x; it has linux/amd64"))
        #expect(place.runner.commands.isEmpty)
    }

    @Test(
        "sources that are not there say so, with what leaves them out",
        arguments: [
            ("COPY nothing /x", "\"nothing\": not found"), ("COPY ../x /x", "\"../x\": not found"),
            ("COPY ../../etc/passwd /x", "\"../../etc/passwd\": not found"),
            ("COPY outside /x", "\"outside\": not found"), ("COPY absolute /x", "\"absolute\": not found"),
            ("COPY secret /x", "\"secret\": not found (.dockerignore leaves it out)"),
            ("ADD secret /x", "\"secret\": not found (.dockerignore leaves it out)"),
            ("COPY --from=a nothing /x", "\"nothing\": not found"), ("COPY --chown=nobody here /x", "nobody"),
            ("COPY here /here/there/", "not a directory"),
        ])
    func missingSource(line: String, message: String) async throws {
        let place = try Workplace()
        try place.write("here", "1")
        try place.write("secret", "1")
        try place.write(".dockerignore", "secret\n")
        try place.link("outside", to: "../elsewhere")
        try place.link("absolute", to: "/etc/passwd")
        try Files.write(Array("no".utf8), to: place.root.appending("elsewhere"))
        let error = try await failure(
            place, "FROM base AS a\nFROM base\nCOPY here /here\n\(line)\n")
        guard case .step(let step, _, let number, let reason, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(number == 4)
        #expect(step.title == line)
        #expect(reason.contains(message), "\(reason)")
    }

    @Test("an unknown user of RUN is an error of its line")
    func unknownUser() async throws {
        let error = try await failure(Workplace(), "FROM base\nUSER stranger\nRUN x\n")
        #expect(error.description.contains("line 3"))
        #expect(error.description.contains("stranger"))
    }

    @Test("a file that changes while the build reads it is an error, never a wrong image")
    func changingFile() async throws {
        let place = try Workplace()
        try place.write("a", "1")
        try place.write("b", "old")
        place.runner.on("change") { [weak place] in try place?.write("b", "new") }
        place.runner.on("grow") { [weak place] in try place?.write("b", "longer") }
        place.runner.on("vanish") { [weak place] in _ = place.map { unlink($0.context.appending("b").string) } }
        // What is known of b is from the build before.
        try await place.build("FROM base\nCOPY b /b\n")
        for name in ["change", "grow", "vanish"] {
            try place.write("b", "old")
            // A file that was written just now is not remembered: see ContextDigests.
            try await Task.sleep(for: .milliseconds(250))
            try await place.build("FROM base\nCOPY b /b\n")
            let error = try await failure(place, "FROM base\nCOPY a /a\nRUN call \(name)\nCOPY b /\(name)\n")
            #expect(error.description.contains("line 4: COPY b /\(name): "), "\(error)")
            #expect(error.description.contains("b"), "\(error)")
        }
    }
}

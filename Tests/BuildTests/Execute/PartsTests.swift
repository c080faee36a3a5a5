// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import Images
import OCI
import Store
import Synchronization
import SystemPackage
import Testing

@Suite("Build: the parts of the machine")
struct PartsTests {
    @Test(
        "times are RFC 3339",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"), (-62_135_596_800, "0001-01-01T00:00:00Z"),
        ] as [(Int64, String)])
    func timestamp(seconds: Int64, text: String) { #expect(Timestamp.text(seconds: seconds) == text) }

    @Test("keys tell apart what only looks alike when strung together")
    func keys() {
        func key(_ fill: (inout KeyBuilder) -> Void, purpose: String = "p") -> Digest {
            var builder = KeyBuilder(purpose)
            fill(&builder)
            return builder.digest
        }
        let digests = [
            key { $0.add("ab") },
            key {
                $0.add("a"); $0.add("b")
            }, key { $0.add(["a", "b"]) }, key { $0.add(["ab"]) },
            key { $0.add([] as [String]) }, key { _ in }, key { $0.add("") }, key({ $0.add("ab") }, purpose: "q"),
        ]
        #expect(Set(digests).count == digests.count)
        #expect(key { $0.add("ab") } == digests[0])
    }

    @Test("work for one key is done once, whoever asks")
    func singleFlight() async throws {
        let flights = SingleFlight<String, Int>()
        let count = Shared(0)
        let results = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await flights.value(for: "a") {
                        try await Task.sleep(for: .milliseconds(5))
                        return count.withLock {
                            $0 += 1; return $0
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(results) == [1])
        #expect(try await flights.value(for: "b") { 7 } == 7)
    }

    @Test("when the work fails its doer gets the error and the next in line tries")
    func singleFlightFailure() async throws {
        let flights = SingleFlight<String, Int>()
        let count = Shared(0)
        let outcomes = await withTaskGroup(of: Int?.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    try? await flights.value(for: "a") {
                        let number = count.withLock {
                            $0 += 1; return $0
                        }
                        await Task.yield()
                        if number < 3 { throw CancellationError() }
                        return number
                    }
                }
            }
            return await group.reduce(into: [Int?]()) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == nil } == 2)
        #expect(outcomes.count { $0 == 3 } == 8)
    }

    @Test("vertices run after their inputs, no more at once than allowed", arguments: [1, 2, 8])
    func scheduler(limit: Int) async throws {
        let text = """
            FROM base AS a
            RUN 1
            FROM base AS b
            RUN 2
            RUN 3
            FROM base
            COPY --from=a / /
            COPY --from=b / /
            """
        let graph = try await plan(text, for: ["linux/amd64", "linux/arm64"], images: commonImages())
        let running = Shared((now: 0, most: 0))
        let results = try await Scheduler<[Int]>(limit: limit).run(graph) { vertex, inputs in
            running.withLock {
                $0.now += 1; $0.most = max($0.most, $0.now)
            }
            try await Task.sleep(for: .milliseconds(1))
            running.withLock { $0.now -= 1 }
            #expect(Set(inputs.keys) == Set(vertex.inputs))
            return inputs.values.flatMap { $0 } + [vertex.id]
        }
        #expect(results.count == graph.vertices.count)
        #expect(running.withLock { $0.most } <= limit)
    }

    @Test("the first failure stops the rest, and the scheduler waits for what runs")
    func failingScheduler() async throws {
        let graph = try await plan(
            "FROM base\nRUN 1\nRUN 2\n", for: ["linux/amd64", "linux/arm64"], images: commonImages())
        let state = Shared((started: 0, ended: 0))
        await #expect(throws: StoreError.self) {
            _ = try await Scheduler<Int>(limit: 4).run(graph) { vertex, _ in
                state.withLock { $0.started += 1 }
                defer { state.withLock { $0.ended += 1 } }
                if vertex.step.title == "RUN 1", vertex.step.platforms[0].architecture == "arm64" {
                    throw StoreError.busy(path: "/")
                }
                if vertex.parent != nil { try await Task.sleep(for: .seconds(60)) }
                return 0
            }
        }
        #expect(state.withLock { $0.started == $0.ended })
        #expect(state.withLock { $0.started } < graph.vertices.count)
    }

    @Test("results that prove to be of no use are made again, with all that stands on them and nothing else")
    func redoing() async throws {
        let text = "FROM base AS a\nRUN 1\nRUN 2\nFROM base\nRUN 3\nCOPY --from=a / /\n"
        let graph = try await plan(text, for: ["linux/amd64"], images: commonImages())
        struct Lost: Error {}
        let runs = Shared([String: Int]())
        let first = try #require(graph.vertices.first { $0.step.title == "RUN 1" }).id
        let results = try await Scheduler<Int>(limit: 4).run(graph) { vertex, _ in
            let count = runs.withLock {
                $0[vertex.step.title, default: 0] += 1
                return $0[vertex.step.title, default: 0]
            }
            if vertex.step.title.hasPrefix("COPY"), count == 1 { throw Lost() }
            return count
        } redo: { error, results in
            #expect(error is Lost && results[first] == 1)
            return [first]
        }
        #expect(results.count == graph.vertices.count && results[first] == 2)
        let counts = runs.withLock { $0 }
        #expect(counts["RUN 1"] == 2 && counts["RUN 2"] == 2 && counts["RUN 3"] == 1, "\(counts)")
        await #expect(throws: Lost.self) {
            _ = try await Scheduler<Int>(limit: 4).run(graph) { _, _ in
                throw Lost()
            } redo: { _, _ in
                []
            }
        }
    }

    @Test("work in progress goes with the process; what a killed one left is removed by the next")
    func scratch() throws {
        let root = FilePath("/tmp/manifold-scratch-\(UInt64.random(in: 0 ... .max))")
        defer { try? Files.removeTree(root) }
        var store: Store? = try Store(at: root)
        let own = try #require(store?.scratch.path)
        _ = try store?.scratch.newDirectory("work")
        try Files.makeDirectories(root.appending("scratch/1-2/deep"))
        try Files.write([], to: root.appending("scratch/1-2.lock"))
        try Files.makeDirectories(root.appending("scratch/3-4/deep"))
        let other = try Store(at: root)
        #expect(Files.exists(own))
        #expect(!Files.exists(root.appending("scratch/1-2")))
        #expect(!Files.exists(root.appending("scratch/1-2.lock")))
        #expect(!Files.exists(root.appending("scratch/3-4")))
        #expect(Files.exists(other.scratch.path))
        store = nil
        #expect(!Files.exists(own))
    }
}

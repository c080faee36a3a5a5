// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Build
import OCI
import Testing

@Suite("Build: in which order steps run")
struct SchedulingTests {
    private static let text = "FROM base\nRUN 1\nRUN 2\n"
    private static let platforms = ["linux/arm64", "linux/arm/v7", "linux/amd64"]

    private func cost(_ host: Platform) -> @Sendable (BuildGraph.Vertex) -> JobCost {
        { vertex in JobCost(of: vertex, on: host) }
    }

    @Test("what needs no emulator comes first")
    func nativeFirst() async throws {
        let graph = try await plan(Self.text, for: Self.platforms, images: commonImages())
        let order = Shared([String]())
        let scheduler = Scheduler<Int>(budget: JobBudget(jobs: 1), cost: cost(try Platform("linux/amd64")))
        _ = try await scheduler.run(graph) { vertex, _ in
            if case .run = vertex.operation {
                order.withLock { $0.append("\(vertex.step.platforms[0].architecture) \(vertex.step.title)") }
            }
            return 0
        }
        #expect(
            order.withLock { $0 } == [
                "amd64 RUN 1", "amd64 RUN 2", "arm64 RUN 1", "arm RUN 1", "arm64 RUN 2", "arm RUN 2",
            ])
    }

    @Test("memory holds commands back and nothing else", arguments: [(Int64(0), 1), (1 << 30, 2), (Int64.max, 3)])
    func memory(budget: Int64, most: Int) async throws {
        let graph = try await plan(
            "FROM base\nRUN 1\nFROM base\nCOPY --from=0 / /\nRUN 2\n", for: Self.platforms, images: commonImages())
        let running = Shared((now: 0, most: 0))
        // An older machine of the same kind runs all of them by itself.
        let scheduler = Scheduler<Int>(budget: JobBudget(jobs: 16, memory: budget)) { vertex in
            if case .run = vertex.operation { .native } else { .files }
        }
        _ = try await scheduler.run(graph) { vertex, _ in
            guard case .run = vertex.operation else { return 0 }
            running.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            try await Task.sleep(for: .milliseconds(20))
            running.withLock { $0.now -= 1 }
            return 0
        }
        #expect(running.withLock { $0.most } == most)
    }

    @Test("a failure takes with it what needs the step, and the rest is done")
    func isolation() async throws {
        let graph = try await plan(
            "FROM --platform=$BUILDPLATFORM base AS a\nRUN 0\nFROM base\nRUN 1\nCOPY --from=a / /\nRUN 2\n",
            for: Self.platforms, images: commonImages())
        struct Broken: Error {}
        let titles = Shared([String]())
        let results = try await Scheduler<Int>(limit: 2).run(graph) { vertex, _ in
            let name = "\(vertex.step.platforms.map(\.architecture).joined(separator: "+")) \(vertex.step.title)"
            titles.withLock { $0.append(name) }
            if name == "arm RUN 1" { throw Broken() }
            return 0
        } failed: { vertex, error in
            #expect(error is Broken && graph.platforms(needing: vertex).map(\.description) == ["linux/arm/v7"])
            return graph.vertices(for: [try Platform("linux/arm64"), try Platform("linux/amd64")])
        }
        let all = titles.withLock { $0 }
        #expect(all.contains("arm64+arm+amd64 RUN 0") && all.contains("arm64 RUN 2") && all.contains("amd64 RUN 2"))
        #expect(!all.contains("arm RUN 2"))
        #expect(results.count == all.count - 1)
    }
}

extension SchedulingTests {
    @Test("what memory ran out for beside others is tried once more beside none, and then the failure stands")
    func alone() async throws {
        let graph = try await plan("FROM base\nRUN 1\n", for: Self.platforms, images: commonImages())
        struct Killed: Error {}
        let state = Shared((running: 0, tries: [String: Int](), company: [String: Int]()))
        let scheduler = Scheduler<Int>(budget: JobBudget(jobs: 3), cost: cost(try Platform("linux/amd64")))
        let failed = Shared([String]())
        _ = try await scheduler.run(graph) { vertex, _ in
            guard case .run = vertex.operation else { return 0 }
            let name = vertex.step.platforms[0].architecture
            let count = state.withLock {
                $0.running += 1
                $0.tries[name, default: 0] += 1
                return $0.tries[name, default: 0]
            }
            try await Task.sleep(for: .milliseconds(30))
            state.withLock {
                $0.company[name] = $0.running
                $0.running -= 1
            }
            // One is too large even alone.
            if name == "arm64" && count == 1 || name == "arm" { throw Killed() }
            return 0
        } again: { _, error in
            error is Killed
        } failed: { vertex, _ in
            failed.withLock { $0.append(graph.vertices[vertex].step.platforms[0].architecture) }
            return Set(graph.vertices.indices).subtracting([vertex])
        }
        #expect(state.withLock { $0.tries } == ["amd64": 1, "arm64": 2, "arm": 2])
        #expect(state.withLock { $0.company["arm64"] } == 1)
        #expect(failed.withLock { $0 } == ["arm"])
    }

    @Test("ARG MANIFOLD_JOBS without a value is a command's share of the machine, and no part of what the step is")
    func commandJobs() async throws {
        func run(_ argument: String, processors: Int) async throws -> RunOperation {
            let graph = try await plan(
                "FROM base\n\(argument)\nRUN make\n", for: Self.platforms, images: commonImages()
            ) { $0.machine = JobBudget.Machine(processors: processors, memory: 64 << 30) }
            return try #require(graph.runs.first)
        }
        let asked = try await run("ARG MANIFOLD_JOBS", processors: 12)
        #expect(asked.proxies == ["MANIFOLD_JOBS=4"])
        #expect(!asked.environment.contains { $0.hasPrefix("MANIFOLD_JOBS") })
        #expect(try await run("ARG MANIFOLD_JOBS", processors: 3) == asked)
        #expect(try await run("ARG OTHER", processors: 12).proxies == [])
        let answered = try await run("ARG MANIFOLD_JOBS=2", processors: 12)
        #expect(answered.proxies == [] && answered.environment.contains("MANIFOLD_JOBS=2"))
    }
}

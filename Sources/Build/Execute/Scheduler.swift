// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// Runs the vertices of a graph, each as soon as what it needs is done, as many side by side as the limit allows.
///
/// The first failure cancels what runs; the scheduler returns only when everything has ended.
package struct Scheduler<Result: Sendable>: Sendable {
    /// How many vertices may be worked on at once.
    let limit: Int

    package init(limit: Int) { self.limit = limit }

    /// - Throws: the first error that `work` threw.
    package func run(
        _ graph: BuildGraph,
        work: @escaping @Sendable (BuildGraph.Vertex, _ inputs: [Int: Result]) async throws -> Result
    ) async throws -> [Int: Result] {
        var progress = Progress(graph: graph)
        return try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            func fill() {
                while progress.running < limit, let id = progress.next() {
                    let vertex = graph.vertices[id]
                    let inputs = progress.results(of: vertex.inputs)
                    group.addTask { (id, try await work(vertex, inputs)) }
                }
            }
            fill()
            while let (id, result) = try await group.next() {
                progress.finish(id, with: result)
                fill()
            }
            return progress.results
        }
    }

    /// What is ready, what runs, what is done.
    struct Progress {
        private(set) var results: [Int: Result] = [:]
        private(set) var running = 0
        private var waiting: [Int: Int] = [:]
        private var dependants: [Int: [Int]] = [:]
        private var ready: [Int] = []
        private let weights: [Int]

        init(graph: BuildGraph) {
            weights = Self.pathLengths(in: graph)
            for vertex in graph.vertices {
                let inputs = Set(vertex.inputs)
                if inputs.isEmpty { ready.append(vertex.id) } else { waiting[vertex.id] = inputs.count }
                for input in inputs { dependants[input, default: []].append(vertex.id) }
            }
        }

        /// What the vertices made, of those that are done.
        func results(of vertices: [Int]) -> [Int: Result] {
            vertices.reduce(into: [:]) { found, id in found[id] = results[id] }
        }

        /// The ready vertex with the longest chain of work behind it; of equals the first in the plan.
        mutating func next() -> Int? {
            let best = ready.indices.max { left, right in
                (weights[ready[left]], -ready[left]) < (weights[ready[right]], -ready[right])
            }
            guard let best else { return nil }
            running += 1
            return ready.remove(at: best)
        }

        mutating func finish(_ id: Int, with result: Result) {
            running -= 1
            results[id] = result
            for dependant in dependants[id] ?? [] {
                guard let count = waiting[dependant] else { continue }
                if count == 1 {
                    waiting[dependant] = nil
                    ready.append(dependant)
                } else {
                    waiting[dependant] = count - 1
                }
            }
        }

        private static func pathLengths(in graph: BuildGraph) -> [Int] {
            var lengths = [Int](repeating: 1, count: graph.vertices.count)
            for vertex in graph.vertices.reversed() {
                for input in vertex.inputs { lengths[input] = max(lengths[input], lengths[vertex.id] + 1) }
            }
            return lengths
        }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// Runs the vertices of a graph, each as soon as what it needs is done, as many side by side as the limit allows.
///
/// The first failure cancels what runs; the scheduler returns only when everything has ended.
package struct Scheduler<Result: Sendable>: Sendable {
    /// How many vertices may be worked on at once.
    let limit: Int

    package init(limit: Int) { self.limit = limit }

    /// - Parameters:
    ///   - known: results that are there already.
    ///   - work: does what a vertex says.
    ///   - redo: names the vertices whose results proved to be of no use, when that is why a vertex failed. They and
    ///     all that need them are worked on again; when there are none, the failure stands.
    /// - Throws: the first error that `work` threw.
    package func run(
        _ graph: BuildGraph, known: [Int: Result] = [:],
        work: @escaping @Sendable (BuildGraph.Vertex, _ inputs: [Int: Result]) async throws -> Result,
        redo: (_ failure: any Error, _ results: [Int: Result]) async -> Set<Int> = { _, _ in [] }
    ) async throws -> [Int: Result] {
        var progress = Progress(graph: graph, known: known)
        return try await withThrowingTaskGroup(of: (Int, Swift.Result<Result, any Error>).self) { group in
            func fill() {
                while progress.running.count < limit, let id = progress.next() {
                    let vertex = graph.vertices[id]
                    let inputs = progress.results(of: vertex.inputs)
                    group.addTask {
                        do { return (id, .success(try await work(vertex, inputs))) } catch {
                            return (id, .failure(error))
                        }
                    }
                }
            }
            fill()
            while let (id, outcome) = try await group.next() {
                switch outcome {
                case .success(let result): progress.finish(id, with: result)
                case .failure(let error):
                    if error is CancellationError { throw error }
                    // What failed with inputs that are of no use says nothing.
                    if progress.isStale(id) {
                        progress.finish(id, with: nil)
                    } else {
                        let obsolete = await redo(error, progress.results)
                        guard !obsolete.isEmpty else { throw error }
                        progress.invalidate(obsolete, dueTo: id)
                    }
                }
                fill()
            }
            return progress.results
        }
    }

    /// What is ready, what runs, what is done.
    struct Progress {
        private(set) var results: [Int: Result]
        private(set) var running: Set<Int> = []
        /// Those of the running whose inputs have proved to be of no use.
        private var stale: Set<Int> = []
        private let graph: BuildGraph
        private var waiting: [Int: Int] = [:]
        private var dependants: [Int: [Int]] = [:]
        private var ready: [Int] = []
        private let weights: [Int]

        init(graph: BuildGraph, known: [Int: Result]) {
            self.graph = graph
            results = known
            weights = Self.pathLengths(in: graph)
            for vertex in graph.vertices {
                for input in Set(vertex.inputs) { dependants[input, default: []].append(vertex.id) }
                if results[vertex.id] == nil { enqueue(vertex.id) }
            }
        }

        private mutating func enqueue(_ id: Int) {
            let missing = Set(graph.vertices[id].inputs).count { results[$0] == nil }
            if missing == 0 { ready.append(id) } else { waiting[id] = missing }
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
            running.insert(ready[best])
            return ready.remove(at: best)
        }

        func isStale(_ id: Int) -> Bool { stale.contains(id) }

        /// Takes vertices and all that need them back to where they were before they began.
        mutating func invalidate(_ vertices: Set<Int>, dueTo failed: Int) {
            running.remove(failed)
            let affected = graph.dependants(of: vertices.union([failed]))
            for id in affected { (results[id], waiting[id]) = (nil, nil) }
            ready.removeAll { affected.contains($0) }
            for id in affected.sorted() {
                if running.contains(id) { stale.insert(id) } else { enqueue(id) }
            }
        }

        /// - Parameter result: nil for one that failed with inputs that are of no use.
        mutating func finish(_ id: Int, with result: Result?) {
            running.remove(id)
            if stale.remove(id) != nil {
                enqueue(id)
                return
            }
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

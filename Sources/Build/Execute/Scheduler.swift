// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// Runs the vertices of a graph, each as soon as what it needs is done, as many side by side as the budget allows.
///
/// Of those that are ready, what the machine runs by itself comes before what needs an emulator. A failure cancels
/// what runs, unless the caller wants to go on without what needs the vertex; the scheduler returns only when everything
/// has ended.
package struct Scheduler<Result: Sendable>: Sendable {
    /// What may be used at once.
    let budget: JobBudget
    /// What a vertex uses.
    let cost: @Sendable (BuildGraph.Vertex) -> JobCost

    package init(budget: JobBudget, cost: @escaping @Sendable (BuildGraph.Vertex) -> JobCost) {
        self.budget = budget
        self.cost = cost
    }

    /// A scheduler that only counts vertices.
    package init(limit: Int) { self.init(budget: JobBudget(jobs: limit)) { _ in .files } }

    /// - Parameters:
    ///   - known: results that are there already.
    ///   - wanted: the vertices to work on; nil for all.
    ///   - work: does what a vertex says.
    ///   - redo: names the vertices whose results proved to be of no use, when that is why a vertex failed. They and
    ///     all that need them are worked on again; when there are none, the failure stands.
    ///   - again: whether a vertex that failed while others ran that need memory is worth a second try beside none.
    ///   - failed: is told of a failure that stands, and says which vertices are wanted all the same; it throws when
    ///     the failure is that of all.
    /// - Returns: the results of those that could be done.
    /// - Throws: what `failed` throws: if nothing else is said, the first error that `work` threw.
    package func run(
        _ graph: BuildGraph, known: [Int: Result] = [:], wanted: Set<Int>? = nil,
        work: @escaping @Sendable (BuildGraph.Vertex, _ inputs: [Int: Result]) async throws -> Result,
        redo: (_ failure: any Error, _ results: [Int: Result]) async -> Set<Int> = { _, _ in [] },
        again: (_ vertex: Int, _ failure: any Error) -> Bool = { _, _ in false },
        failed: (_ vertex: Int, _ failure: any Error) throws -> Set<Int> = { _, failure in throw failure }
    ) async throws -> [Int: Result] {
        var progress = Progress(
            graph: graph, known: known, wanted: wanted ?? Set(graph.vertices.indices), budget: budget, cost: cost)
        return try await withThrowingTaskGroup(of: (Int, Swift.Result<Result, any Error>).self) { group in
            func fill() {
                while let id = progress.next() {
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
                        if !obsolete.isEmpty {
                            progress.invalidate(obsolete, dueTo: id)
                        } else if progress.mayTryAlone(id), again(id, error) {
                            progress.tryAlone(id)
                        } else {
                            progress.giveUp(id, wanting: try failed(id, error))
                        }
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
        /// Those that others have run beside.
        private var accompanied: Set<Int> = []
        /// Those that run, or have run, beside no other since they failed beside one.
        private var alone: Set<Int> = []
        private let graph: BuildGraph
        private var waiting: [Int: Int] = [:]
        private var dependants: [Int: [Int]] = [:]
        private var ready: [Int] = []
        private var wanted: Set<Int>
        private var admission: Admission
        private let weights: [Int]
        private let costs: [JobCost]

        init(
            graph: BuildGraph, known: [Int: Result], wanted: Set<Int>, budget: JobBudget,
            cost: (BuildGraph.Vertex) -> JobCost
        ) {
            self.graph = graph
            self.wanted = wanted
            results = known
            admission = Admission(budget)
            weights = Self.pathLengths(in: graph)
            costs = graph.vertices.map(cost)
            for vertex in graph.vertices {
                for input in Set(vertex.inputs) { dependants[input, default: []].append(vertex.id) }
                if results[vertex.id] == nil { enqueue(vertex.id) }
            }
        }

        private mutating func enqueue(_ id: Int) {
            guard wanted.contains(id) else { return }
            let missing = Set(graph.vertices[id].inputs).count { results[$0] == nil }
            if missing == 0 { ready.append(id) } else { waiting[id] = missing }
        }

        /// What the vertices made, of those that are done.
        func results(of vertices: [Int]) -> [Int: Result] {
            vertices.reduce(into: [:]) { found, id in found[id] = results[id] }
        }

        /// The vertex to begin with now: of the ready ones that the budget has room for, one that needs no emulator;
        /// of these the one with the longest chain of work behind it; of equals the first in the plan.
        mutating func next() -> Int? {
            // What waits to be alone would wait long if others went before it.
            let isAnyAlone = ready.contains { alone.contains($0) }
            let best = ready.indices.filter { place in
                let id = ready[place]
                if alone.contains(id) { return admission.admits(costs[id], alone: true) }
                return admission.admits(costs[id]) && !(isAnyAlone && costs[id].memory > 0)
            }.max { left, right in rank(ready[left]) < rank(ready[right]) }
            guard let best else { return nil }
            let id = ready.remove(at: best)
            running.insert(id)
            admission.begin(id, costs[id], alone: alone.contains(id))
            if costs[id].memory > 0 { accompanied.formUnion(running.filter { admission.hasCompany($0) }) }
            return id
        }

        /// Whether it may help to run a vertex once more.
        func mayTryAlone(_ id: Int) -> Bool { accompanied.contains(id) && !alone.contains(id) }

        /// Lets a vertex that failed be run again, beside no other that needs memory.
        mutating func tryAlone(_ id: Int) {
            end(id)
            alone.insert(id)
            enqueue(id)
        }

        private func rank(_ id: Int) -> (Int, Int, Int) { (costs[id].isEmulated ? 0 : 1, weights[id], -id) }

        private mutating func end(_ id: Int) {
            running.remove(id)
            admission.end(id)
        }

        /// Goes on without a vertex that failed.
        mutating func giveUp(_ id: Int, wanting rest: Set<Int>) {
            end(id)
            wanted.formIntersection(rest)
            ready.removeAll { !wanted.contains($0) }
        }

        func isStale(_ id: Int) -> Bool { stale.contains(id) }

        /// Takes vertices and all that need them back to where they were before they began.
        mutating func invalidate(_ vertices: Set<Int>, dueTo failed: Int) {
            end(failed)
            let affected = graph.dependants(of: vertices.union([failed]))
            for id in affected { (results[id], waiting[id]) = (nil, nil) }
            ready.removeAll { affected.contains($0) }
            for id in affected.sorted() {
                if running.contains(id) { stale.insert(id) } else { enqueue(id) }
            }
        }

        /// - Parameter result: nil for one that failed with inputs that are of no use.
        mutating func finish(_ id: Int, with result: Result?) {
            end(id)
            if stale.remove(id) != nil {
                enqueue(id)
                return
            }
            results[id] = result
            for dependant in dependants[id] ?? [] {
                guard let count = waiting[dependant] else { continue }
                if count == 1 {
                    waiting[dependant] = nil
                    if wanted.contains(dependant) { ready.append(dependant) }
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

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Diagnosis
import Emulation
import Layers
import OCI
package import Sandbox
import Store

/// Executes a graph: each vertex by the step that knows how, results into the store, news to whoever listens.
struct Executor: Sendable {
    let library: LayerLibrary
    let cache: StepCache
    let maker: LayerMaker
    let runner: any CommandRunner
    let host: Platform
    /// What may run side by side.
    let budget: JobBudget
    let times: TimeSettings
    let contexts: ContextAccess
    let events: EventRelay
    /// Is told of every new layer of an image that will be made.
    let announce: @Sendable (Layer) -> Void
    let secrets: BuildSecrets
    let network: NetworkAccess
    let clock: RunClock

    /// Executes everything.
    ///
    /// - Parameters:
    ///   - known: results that are there already.
    ///   - outcomes: says for which platforms; a step that fails takes those with it that need it.
    /// - Returns: the results of what the platforms need that remain, and maybe of more.
    /// - Throws: ``BuildError`` for the step that ends the build; `CancellationError`.
    func run(
        _ graph: BuildGraph, known: [Int: StepResult], outcomes: inout PlatformOutcomes
    ) async throws -> [Int: StepResult] {
        let scheduler = Scheduler<StepResult>(budget: budget) { [host] in JobCost(of: $0, on: host) }
        let wanted = graph.vertices(for: outcomes.remaining)
        return try await scheduler.run(graph, known: known, wanted: wanted) { vertex, inputs in
            let result = try await execute(vertex, inputs)
            if vertex.isInImage, let layer = result.added { announce(layer) }
            return result
        } redo: { error, results in
            guard let lost = error as? LostLayer else { return [] }
            return await stepsToRedo(after: lost, graph, results)
        } again: { vertex, error in
            guard case BuildError.command(let step, let platform, let line, _, let explanation) = error,
                explanation?.cause == .outOfMemory
            else { return false }
            let remark = "\(platform): \(step.title): memory ran out beside other steps, so it is run once more, alone"
            events.warn(BuildWarning(remark, line: line))
            return true
        } failed: { vertex, error in
            try outcomes.fail(graph.platforms(needing: vertex), with: error)
            return graph.vertices(for: outcomes.remaining)
        }
    }

    /// The steps that have to be done again since a layer is not where a cache said it would be; the cache is not
    /// asked for it again.
    func stepsToRedo(after lost: LostLayer, _ graph: BuildGraph, _ results: [Int: StepResult]) async -> Set<Int> {
        await cache.forget(lost.layer)
        let steps = results.filter { !$0.value.keys.isEmpty && $0.value.layers.last == lost.layer }.map(\.key)
        if let reason = lost.reason, !steps.isEmpty {
            let titles = Set(steps.map { graph.vertices[$0].step.title }).sorted().joined(separator: ", ")
            events.warn(
                BuildWarning("a layer of the cache is not to be had, so its step is done again: \(titles) (\(reason))"))
        }
        return Set(steps)
    }

    private func execute(_ vertex: BuildGraph.Vertex, _ inputs: [Int: StepResult]) async throws -> StepResult {
        let parent = vertex.parent.flatMap { inputs[$0]?.layers } ?? []
        return try await events.perform(vertex.step) {
            do {
                switch vertex.operation {
                case .scratch: return (StepResult(layers: []), .done)
                case .files(let directory): return (StepResult(layers: [], files: directory), .done)
                case .base(let image): return (StepResult(layers: image.layers), .done)
                case .run(let operation):
                    let start = ContinuousClock.now
                    let outcome = try await runStep(vertex).run(
                        operation, onto: parent, sources: vertex.sources.map { inputs[$0]?.source ?? .layers([]) },
                        policy: vertex.cachePolicy
                    ) { stream, bytes in
                        events.send(.output(step: vertex.step.id, stream: stream, bytes: bytes))
                    }
                    clock.note(vertex, since: start, isCached: outcome.isCached)
                    return Self.result(outcome, onto: parent)
                case .copy(let operation):
                    let outcome = try await copyStep(vertex).run(
                        operation, onto: parent, from: vertex.sources.compactMap { inputs[$0]?.source },
                        policy: vertex.cachePolicy)
                    return Self.result(outcome, onto: parent)
                case .fetch(let operation):
                    let limit = times.limit(for: vertex.step.platforms)
                    let (files, outcome) = try await within(limit, or: { TimeOut(of: limit ?? .zero) }) {
                        try await fetchStep.run(operation, policy: vertex.cachePolicy) {
                            events.send(.progressed(step: vertex.step.id, completed: $0, total: $1))
                        }
                    }
                    return (StepResult(layers: [], fetched: files), outcome)
                case .makeDirectory(let operation):
                    let outcome = try await copyStep(vertex).run(operation, onto: parent, policy: vertex.cachePolicy)
                    return Self.result(outcome, onto: parent)
                }
            } catch {
                throw Self.explained(error, vertex)
            }
        }
    }

    private func runStep(_ vertex: BuildGraph.Vertex) -> RunStep {
        RunStep(
            library: library, cache: cache.serving(vertex), maker: maker, runner: watch(vertex),
            mounts: MountPreparation(files: copyStep(vertex), secrets: secrets))
    }

    private func watch(_ vertex: BuildGraph.Vertex) -> StepWatch {
        StepWatch(
            runner: runner, limit: times.limit(for: vertex.step.platforms), heartbeat: times.heartbeat
        ) { silence in
            events.send(.silent(step: vertex.step.id, silence))
        }
    }

    private func copyStep(_ vertex: BuildGraph.Vertex) -> CopyStep {
        CopyStep(library: library, cache: cache.serving(vertex), maker: maker, contexts: contexts)
    }

    private var fetchStep: FetchStep { FetchStep(store: library.store, network: network) }

    private static func result(
        _ outcome: StepCache.Outcome, onto parent: [Layer]
    ) -> (StepResult, BuildEvent.Outcome) {
        // What an earlier build made was most likely pushed by it.
        let added = outcome.isCached ? nil : outcome.layer
        let result = StepResult(
            layers: parent + [outcome.layer], added: added, created: outcome.created, keys: outcome.keys)
        return (result, outcome.isCached ? .cached : .done)
    }

    /// Adds to an error the step and the platform that it happened in.
    private static func explained(_ error: any Error, _ vertex: BuildGraph.Vertex) -> any Error {
        let line = vertex.step.lines?.lowerBound ?? 1
        let platform: Platform? =
            if case .run(let operation) = vertex.operation { operation.platform } else {
                vertex.step.platforms.count == 1 ? vertex.step.platforms.first : nil
            }
        switch error {
        case is CancellationError, is BuildError, is LostLayer: return error
        case let failure as RunStep.Failure:
            return BuildError.command(
                vertex.step, platform: platform ?? .host, line: line, status: failure.status.sentence,
                explanation: failure.explanation)
        case let failure as UnstartedCommand:
            return BuildError.command(
                vertex.step, platform: platform ?? .host, line: line, status: "it could not be started",
                explanation: failure.explanation)
        default:
            return BuildError.step(
                vertex.step, platform: platform, line: line, reason: "\(error)", remedy: Remedy.of(error))
        }
    }
}

extension ExitStatus {
    /// The status as a person reads it.
    package var sentence: String {
        switch self {
        case .exit(let code): "exit code \(code)"
        case .signal(let number): "killed by signal \(number)"
        }
    }
}

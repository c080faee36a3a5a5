// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import OCI
import Store

/// One build that is planned: executes the graph, makes the images and hands them on.
struct BuildRun: Sendable {
    let store: Store
    let images: any ImageSource
    let runner: any CommandRunner
    let host: Platform
    let request: BuildRequest
    let exporters: [any Exporter]
    let caches: BuildCaches
    let network: NetworkAccess
    let relay: EventRelay

    /// - Parameters:
    ///   - ignore: what is left out of the build context.
    ///   - imports: what caches know of the steps.
    ///   - outcomes: the platforms that the graph has images for.
    /// - Throws: ``BuildError`` and the errors of the rooms that do the work; `CancellationError`.
    func run(
        _ graph: BuildGraph, ignore: IgnorePatterns?, imports: CacheImports, outcomes: PlatformOutcomes
    ) async throws -> BuildSummary {
        var outcomes = outcomes
        let root = try ImageAssembler.Root.chosen(request.buildArguments)
        let library = LayerLibrary(
            store: store, source: images, events: relay, imports: imports, platforms: graph.platformsOfBaseLayers,
            inspects: request.audit.level != .off)
        let contexts = ContextAccess(
            main: ContextDirectory(request.context, title: request.contextTitle), ignore: ignore, store: store,
            products: request.products, warn: relay.warn)
        let converter = LayerConverter(library: library, epoch: request.epoch)
        let assembler = ImageAssembler(
            store: store, epoch: request.epoch, labels: request.labels, root: root, carriesCache: caches.isInline,
            isOfSeveral: request.platforms.count > 1, converter: converter,
            files: { try await ImageFiles($0, library: library) }, warn: relay.warn)
        let clock = RunClock(host: host)
        let budget = JobBudget(for: request)
        return try await EarlyExport(exporters: exporters, converter: converter).during { announce in
            let executor = Executor(
                library: library, cache: StepCache(store: store, imports: imports),
                maker: LayerMaker(store: store, epoch: request.epoch, inspects: library.inspects), runner: runner,
                host: host, budget: budget, times: request.times, contexts: contexts, events: relay, announce: announce,
                secrets: request.secrets, network: network, clock: clock)
            var known: [Int: StepResult] = [:]
            while true {
                let results = try await executor.run(graph, known: known, outcomes: &outcomes)
                try await contexts.save()
                do {
                    return try await finish(
                        Execution(
                            graph: graph, results: results, assembler: assembler, library: library, clock: clock,
                            limit: budget.jobs), outcomes)
                } catch let lost as LostLayer {
                    // A cache promised it; the steps that make it are done after all.
                    let redo = await executor.stepsToRedo(after: lost, graph, results)
                    guard !redo.isEmpty else { throw lost }
                    let affected = graph.dependants(of: redo)
                    known = results.filter { !affected.contains($0.key) }
                }
            }
        }
    }
}

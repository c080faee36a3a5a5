// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Glibc
import OCI
import Store

/// One build that is planned: executes the graph, makes the images and hands them on.
struct BuildRun: Sendable {
    let store: Store
    let images: any ImageSource
    let runner: any CommandRunner
    let request: BuildRequest
    let exporters: [any Exporter]
    let caches: BuildCaches
    let network: NetworkAccess
    let host: Platform
    let relay: EventRelay

    /// - Parameters:
    ///   - ignore: what is left out of the build context.
    ///   - imports: what caches know of the steps.
    /// - Throws: ``BuildError`` and the errors of the rooms that do the work; `CancellationError`.
    func run(_ graph: BuildGraph, ignore: IgnorePatterns?, imports: CacheImports) async throws -> BuildSummary {
        let root = try ImageAssembler.Root.chosen(request.buildArguments)
        let library = LayerLibrary(
            store: store, source: images, events: relay, imports: imports, platforms: graph.platformsOfBaseLayers)
        let contexts = ContextAccess(
            main: ContextDirectory(request.context, title: request.contextTitle), ignore: ignore, store: store,
            products: request.products, warn: relay.warn)
        let converter = LayerConverter(library: library, epoch: request.epoch)
        let assembler = ImageAssembler(
            store: store, epoch: request.epoch, labels: request.labels, root: root, carriesCache: caches.isInline,
            converter: converter, files: { try await ImageFiles($0, library: library) }, warn: relay.warn)
        let exports = Exports(exporters: exporters, request: request, relay: relay)
        let clock = RunClock(host: host)
        return try await EarlyExport(exporters: exporters, converter: converter).during { announce in
            let executor = Executor(
                library: library, cache: StepCache(store: store, imports: imports),
                maker: LayerMaker(store: store, epoch: request.epoch), runner: runner, contexts: contexts,
                events: relay, announce: announce, secrets: request.secrets, network: network,
                clock: clock)
            var known: [Int: StepResult] = [:]
            while true {
                let results = try await executor.run(graph, known: known, limit: parallelism)
                try await contexts.save()
                do {
                    let passed = try await test(graph, results, library)
                    var summary = try await exports.run { form in
                        try await assembler.result(of: graph, results: results, form: form, tags: request.tags)
                    }
                    summary.sharedRunTime = clock.time(of: graph) { $0.count > 1 }
                    summary.note { image in
                        image.passedTests = passed[image.platform]
                        image.runTime = clock.time(of: graph) { $0 == [image.platform] }
                    }
                    try await export(graph, results, to: caches.exports, library, names: summary.names)
                    return summary
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

    /// Runs the tests in the finished images; nothing has been exported yet.
    private func test(
        _ graph: BuildGraph, _ results: [Int: StepResult], _ library: LayerLibrary
    ) async throws -> [Platform: Int] {
        guard !request.tests.isEmpty else { return [:] }
        return try await SmokeTestRun(
            tests: request.tests, runner: ImageRunner(store: store, runner: runner, events: relay), library: library,
            settings: request.runSettings, limit: parallelism, relay: relay
        ).run(in: graph, results)
    }

    /// As many steps side by side as there are processors; a few more when that lets every platform go on, since
    /// steps often wait for a disk or a network.
    private var parallelism: Int {
        if let chosen = request.parallelism { return max(1, chosen) }
        let processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        return min(max(processors, request.platforms.count), 2 * processors)
    }
}

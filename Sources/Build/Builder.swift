// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Glibc
import Layers
public import OCI
import Sandbox
public import Store
import SystemPackage

/// Builds: from a Dockerfile and a context to images for many platforms, and on to where they shall go.
public struct Builder: Sendable {
    let store: Store
    let images: any ImageSource
    let runner: any CommandRunner
    let host: Platform
    let events: @Sendable (BuildEvent) -> Void

    /// - Parameters:
    ///   - images: where base images come from.
    ///   - runner: who executes RUN.
    ///   - events: is told what goes on; may be called from many tasks at once and should return quickly.
    public init(
        store: Store, images: any ImageSource, runner: any CommandRunner, host: Platform = .host,
        events: @escaping @Sendable (BuildEvent) -> Void
    ) {
        self.store = store
        self.images = images
        self.runner = runner
        self.host = host
        self.events = events
    }

    /// Builds what `request` asks for and hands the result to the exporters, one after another.
    ///
    /// Bases are resolved for every platform before anything runs, and exporters get the result only when every
    /// platform is built.
    ///
    /// - Throws: ``BuildError`` and the errors of the rooms that do the work; `CancellationError`.
    public func build(
        _ request: BuildRequest, exporters: [any Exporter], caches: BuildCaches = BuildCaches()
    ) async throws -> BuildSummary {
        let file = try DockerfileText(request)
        let dockerfile = try file.parse()
        let target = try Self.target(of: dockerfile, request)
        let images = ContextImageSource(request.contexts, others: images)
        return try await file.explaining(dockerfile) {
            var settled = request
            settled.epoch = try SourceEpoch.chosen(request, dockerfile, host: host)
            let request = settled
            let resolvers = try request.platforms.map { platform in
                try NameResolver(dockerfile, request: request, host: host, target: platform)
            }
            async let preparation: Void = prepare(exporters)
            async let reading = read(caches, request)
            let review = try DockerfileReview(
                dockerfile, request: request, host: host, ignore: try file.ignorePatterns())
            let relay = EventRelay(receive: events)
            let resolver = BaseResolver(dockerfile: dockerfile, source: images, events: relay)
            let bases: [ImageNeed: BaseImage]
            do { bases = try await resolver.resolve(target, resolvers: resolvers) } catch {
                // What the linter knows without the bases may well be why there are none.
                report(review.findings(of: target, bases: [:], resolvers))
                throw error
            }
            let findings = review.findings(of: target, bases: bases, resolvers)
            report(findings)
            if let failure = findings.failure { throw BuildError.lintViolation(failure) }
            try await preparation
            for warning in ContextUse(target, resolvers: resolvers, bases: bases).warnings(for: request.contexts) {
                events(.warning(warning))
            }
            var planner = Planner(dockerfile: dockerfile, request: request, bases: bases)
            var graph = try planner.plan(target, resolvers: resolvers)
            for warning in planner.warnings { events(.warning(warning)) }
            graph.numberSteps(from: relay.plan(stepCount: graph.vertices.count))
            return try await execute(
                graph, request, ignore: try file.ignorePatterns(), images, exporters: exporters, caches: caches,
                imported: try await reading, relay: relay)
        }
    }

    /// As many steps side by side as there are processors; a few more when that lets every platform go on, since
    /// steps often wait for a disk or a network.
    private static func parallelism(_ request: BuildRequest) -> Int {
        if let chosen = request.parallelism { return max(1, chosen) }
        let processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        return min(max(processors, request.platforms.count), 2 * processors)
    }

    private func report(_ findings: LintReport) {
        for finding in findings.findings { events(.warning(BuildWarning(finding))) }
    }

    private func prepare(_ exporters: [any Exporter]) async throws {
        for exporter in exporters { try await exporter.prepare() }
    }

    private static func target(of dockerfile: Dockerfile, _ request: BuildRequest) throws -> Stage {
        guard let name = request.target else { return dockerfile.stages[dockerfile.stages.count - 1] }
        guard let stage = dockerfile.stage(name) else {
            throw BuildError.unknownTarget(name, stages: dockerfile.stages.compactMap(\.name))
        }
        return stage
    }

    private func execute(
        _ graph: BuildGraph, _ request: BuildRequest, ignore: IgnorePatterns?, _ images: any ImageSource,
        exporters: [any Exporter], caches: BuildCaches, imported: [CacheReader.Result], relay: EventRelay
    ) async throws -> BuildSummary {
        let root = try ImageAssembler.Root.chosen(request.buildArguments)
        let imports = CacheImports(imported, relay)
        let library = LayerLibrary(
            store: store, source: images, events: relay, imports: imports, platforms: graph.platformsOfBaseLayers)
        let contexts = ContextAccess(
            main: ContextDirectory(request.context, title: request.contextTitle), ignore: ignore, store: store,
            products: request.products, warn: relay.warn)
        let early = EarlyExport(exporters: exporters, ensureBlob: library.ensureBlob)
        return try await early.during { announce in
            let executor = Executor(
                library: library, cache: StepCache(store: store, imports: imports),
                maker: LayerMaker(store: store, epoch: request.epoch),
                runner: runner, contexts: contexts, events: relay, announce: announce, secrets: request.secrets)
            var known: [Int: StepResult] = [:]
            while true {
                let results = try await executor.run(graph, known: known, limit: Self.parallelism(request))
                try await contexts.save()
                do {
                    let result = try assemble(
                        graph, results, request, library, root: root, isCacheInline: caches.isInline)
                    let summary = BuildSummary(result, names: try await export(result, to: exporters, request, relay))
                    try await export(
                        graph, results, to: caches.exports, request, library, names: summary.names, relay)
                    events(.completed(summary))
                    return summary
                } catch let lost as LostLayer {
                    let redo = await executor.stepsToRedo(after: lost, graph, results)
                    guard !redo.isEmpty else { throw lost }
                    let affected = graph.dependants(of: redo)
                    known = results.filter { !affected.contains($0.key) }
                }
            }
        }
    }

    private func assemble(
        _ graph: BuildGraph, _ results: [Int: StepResult], _ request: BuildRequest, _ library: LayerLibrary,
        root: ImageAssembler.Root, isCacheInline: Bool
    ) throws -> BuildResult {
        var assembler = ImageAssembler(store: store, epoch: request.epoch, labels: request.labels)
        assembler.root = root
        let images = try graph.images.map { image in
            let collection = CacheCollection(image.platform, graph: graph, results: results, extent: .images)
            return try assembler.assemble(
                image, results: results, records: isCacheInline ? collection.records : nil)
        }
        return try assembler.result(of: images, tags: request.tags, ensureBlob: library.ensureBlob)
    }

    private func export(
        _ result: BuildResult, to exporters: [any Exporter], _ request: BuildRequest, _ relay: EventRelay
    ) async throws -> [String] {
        var names: [String] = []
        for exporter in exporters {
            let step = relay.step(exporter.title, platforms: request.platforms)
            names += try await relay.perform(step) {
                let names = try await exporter.export(result) { completed, total in
                    relay.send(.progressed(step: step.id, completed: completed, total: total))
                }
                return (names, .done)
            }
        }
        return names
    }
}

extension BuildSummary {
    fileprivate init(_ result: BuildResult, names: [String]) {
        self.init(
            digest: result.root.digest,
            images: result.images.map { Image(platform: $0.platform, digest: $0.descriptor.digest, size: $0.size) },
            names: names)
    }
}

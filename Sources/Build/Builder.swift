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
    let environment: [String: String]
    let relay: EventRelay

    /// - Parameters:
    ///   - images: where base images come from.
    ///   - runner: who executes RUN.
    ///   - environment: the variables that say how the network is reached: proxies, certificates, ssh's agent.
    ///   - events: is told what goes on.
    public init(
        store: Store, images: any ImageSource, runner: any CommandRunner, host: Platform = .host,
        environment: [String: String] = [:], events: EventRelay
    ) {
        self.store = store
        self.images = images
        self.runner = runner
        self.host = host
        self.environment = environment
        self.relay = events
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
        let limit = request.times.total
        let error: @Sendable () -> any Error = { [relay] in
            TimeOut(ofBuild: limit ?? .zero, running: relay.runningSteps)
        }
        return try await within(limit, or: error) {
            try await perform(request, exporters: exporters, caches: caches)
        }
    }

    private func perform(
        _ request: BuildRequest, exporters: [any Exporter], caches: BuildCaches
    ) async throws -> BuildSummary {
        let file = try DockerfileText(request)
        let dockerfile = try file.parse()
        let images = ContextImageSource(request.contexts, others: images)
        return try await file.explaining(dockerfile) {
            var settled = request
            settled.machine = request.machine ?? .current
            settled.epoch = try SourceEpoch.chosen(request, dockerfile, host: host)
            let request = settled
            let resolvers = try request.platforms.map { platform in
                try NameResolver(dockerfile, request: request, host: host, target: platform)
            }
            async let preparation: Void = prepare(exporters, request)
            async let reading = read(caches, request)
            let review = try DockerfileReview(
                dockerfile, request: request, host: host, ignore: try file.ignorePatterns(), fileName: file.name)
            let resolver = BaseResolver(dockerfile: dockerfile, source: images, events: relay)
            let bases: [ImageNeed: BaseImage]
            var outcomes = PlatformOutcomes(request.platforms, policy: request.failurePolicy)
            do {
                bases = try await resolver.resolve(review.target, resolvers: resolvers, outcomes: &outcomes)
            } catch {
                // What the linter knows without the bases may well be why there are none.
                report(review.findings(bases: [:], resolvers))
                throw error
            }
            let remaining = resolvers.filter { outcomes.remaining.contains($0.target) }
            let findings = review.findings(bases: bases, remaining)
            report(findings)
            if let failure = findings.failure { throw BuildError.lintViolation(failure) }
            try await preparation
            for warning in ContextUse(review.target, resolvers: remaining, bases: bases).warnings(for: request.contexts)
            {
                relay.warn(warning)
            }
            var planner = Planner(dockerfile: dockerfile, request: request, bases: bases)
            var graph = try planner.plan(review.target, resolvers: remaining)
            for warning in planner.warnings { relay.warn(warning) }
            graph.numberSteps(from: relay.plan(stepCount: graph.vertices.count))
            let network = NetworkAccess(environment: environment, secrets: request.secrets)
            let run = BuildRun(
                store: store, images: images, runner: runner, host: host, request: request, exporters: exporters,
                caches: caches, network: network, relay: relay)
            let imports = CacheImports(try await reading, relay)
            let ignore = try file.ignorePatterns()
            let planned = (graph: graph, outcomes: outcomes)
            let summary = try await network.during {
                try await run.run(planned.graph, ignore: ignore, imports: imports, outcomes: planned.outcomes)
            }
            relay.send(.completed(summary))
            return summary
        }
    }

    private func report(_ findings: LintReport) {
        for finding in findings.findings { relay.warn(BuildWarning(finding)) }
    }

    private func prepare(_ exporters: [any Exporter], _ request: BuildRequest) async throws {
        for exporter in exporters {
            try exporter.form.annotations.check(request.platforms)
            do { try await exporter.prepare() } catch {
                // One that may fail is tried again at the end all the same.
                guard !(error is CancellationError), exporter.failureHandling != .endsBuild else { throw error }
                relay.warn(BuildWarning("\(exporter.title) will probably fail: \(error)"))
            }
        }
    }
}

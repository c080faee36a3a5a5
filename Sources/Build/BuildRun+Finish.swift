// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

extension BuildRun {
    /// A graph that was executed, and what belongs to it.
    struct Execution {
        let graph: BuildGraph
        let results: [Int: StepResult]
        let assembler: ImageAssembler
        let library: LayerLibrary
        let clock: RunClock
        /// How much may be done side by side.
        let limit: Int
    }

    /// Audits and tests the images of the platforms that went well and hands them on; when one failed that must not, the images stay
    /// in the store. Nothing has been exported yet.
    func finish(_ execution: Execution, _ outcomes: PlatformOutcomes) async throws -> BuildSummary {
        var outcomes = outcomes
        let audits = try await audit(execution, &outcomes)
        let passed = try await test(execution, &outcomes)
        let graph = execution.graph.keeping(outcomes.remaining)
        if outcomes.isFailure {
            let built = try await execution.assembler.result(
                of: graph, results: execution.results, form: ImageForm(), tags: [])
            throw BuildError.platforms(outcomes.failed, built: built.images.map(BuildSummary.Image.init))
        }
        for failure in outcomes.failed {
            let reason = failure.reason.split(separator: "\n").joined(separator: "; ")
            relay.warn(BuildWarning("\(failure.platform) FAILED and is left out, as it is optional: \(reason)"))
        }
        var request = request
        request.platforms = outcomes.remaining
        let exports = Exports(exporters: exporters, request: request, relay: relay)
        var summary = try await exports.run { form in
            try await execution.assembler.result(
                of: graph, results: execution.results, form: form, tags: request.tags)
        }
        summary.failed = outcomes.failed
        summary.sharedRunTime = execution.clock.time(of: graph) { $0.count > 1 }
        summary.note(zip: graph.images.map(\.target)) { image, target in
            image.audit = audits.first { $0.target == target }?.outcome ?? .off
            image.passedTests = passed[target]
            image.runTime = execution.clock.time(of: graph) { $0 == [image.platform] }
        }
        try await export(graph, execution.results, to: caches.exports, execution.library, names: summary.names)
        return summary
    }

    /// Looks for files in the finished images that their platforms do not run.
    private func audit(_ execution: Execution, _ outcomes: inout PlatformOutcomes) async throws -> [PlatformAudit] {
        let audit = BuildAudit(library: execution.library, policy: request.audit, relay: relay)
        let audits = try await audit.run(execution.graph.keeping(outcomes.remaining), execution.results)
        try outcomes.fail(
            audits.filter { !$0.errors.isEmpty }, of: { $0.target ?? $0.platform }, with: BuildError.audit)
        return audits
    }

    /// Runs the tests in the finished images.
    ///
    /// - Returns: how many tests each image has passed, by the platform that was asked for.
    private func test(_ execution: Execution, _ outcomes: inout PlatformOutcomes) async throws -> [Platform: Int] {
        guard !request.tests.isEmpty else { return [:] }
        let run = SmokeTestRun(
            tests: request.tests, runner: ImageRunner(store: store, runner: runner, events: relay),
            library: execution.library, settings: request.runSettings, limit: execution.limit, relay: relay)
        let report = try await run.run(in: execution.graph.keeping(outcomes.remaining), execution.results)
        try outcomes.fail(report.failures, of: \.target, with: BuildError.tests)
        return report.passed
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// What a build gives to caches when it is done.
extension BuildRun {
    /// Writes caches, when the images are where they should be.
    ///
    /// - Throws: ``BuildError/output(_:remedy:)`` for a cache that cannot be written and may not fail.
    func export(
        _ graph: BuildGraph, _ results: [Int: StepResult], to exports: [CacheExport], _ library: LayerLibrary,
        names: [String]
    ) async throws {
        let exporter = CacheExporter(
            store: store, library: library, events: relay, published: request.tags)
        for export in exports {
            let collections = graph.images.map {
                CacheCollection($0.platform, graph: graph, results: results, extent: export.extent)
            }
            let target = export.target
            let step = relay.step("export cache to \(target.name)", platforms: request.platforms)
            do {
                try await relay.perform(step) {
                    try await exporter.export(collections, to: target, step)
                    return ((), .done)
                }
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                try Task.checkCancellation()
                let sentence = "cannot export the cache to \(target.name): \(error)"
                if export.ignoresErrors {
                    relay.warn(BuildWarning(sentence))
                } else {
                    let done = names.isEmpty ? "" : " (the result itself is at \(names.joined(separator: ", ")))"
                    throw BuildError.output(sentence + done, remedy: Remedy.of(error))
                }
            }
        }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Lets the bytes of layers travel while later steps still run.
///
/// What fails here is tried again by the export itself, which also waits for what is on its way; so nothing is sent
/// twice, and nothing that goes wrong early ends a build that might still succeed.
struct EarlyExport: Sendable {
    let exporters: [any Exporter]
    let converter: LayerConverter

    /// Runs `body`, which announces layers; transfers that are of no use when it ends are given up.
    ///
    /// - Throws: what `body` throws.
    func during<Result: Sendable>(
        _ body: (_ announce: @escaping @Sendable (Layer) -> Void) async throws -> Result
    ) async throws -> Result {
        let (layers, announcement) = AsyncStream.makeStream(of: Layer.self)
        return try await withThrowingTaskGroup(of: Void.self) { transfers in
            transfers.addTask {
                await withDiscardingTaskGroup { group in
                    for await layer in layers {
                        group.addTask {
                            for exporter in exporters { try? await offer(layer, to: exporter) }
                        }
                    }
                }
            }
            defer {
                announcement.finish()
                transfers.cancelAll()
            }
            return try await body { announcement.yield($0) }
        }
    }

    private func offer(_ layer: Layer, to exporter: any Exporter) async throws {
        let layer = try await converter.layer(layer, in: exporter.form)
        try await exporter.offer(layer, ensureBlob: converter.library.ensureBlob)
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Store

/// Keeps a result in the store, under its tags when it has some.
public struct StoreExporter: Exporter {
    let store: Store
    let tags: [Reference]

    public init(store: Store, tags: [Reference]) {
        self.store = store
        self.tags = tags
    }

    public var title: String {
        tags.isEmpty ? "keep the result" : "keep as \(tags.map(\.familiar).joined(separator: ", "))"
    }

    public func prepare() async throws {}

    public func offer(_ layer: Layer, ensureBlob: @escaping @Sendable (Layer) async throws -> Void) async throws {}

    public func export(
        _ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> [String] {
        for layer in Set(result.images.flatMap(\.layers)) { try await result.ensureBlob(layer) }
        for tag in tags {
            try store.save(NamedImage(name: tag.description, descriptor: result.root), as: tag)
        }
        return tags.map(\.familiar)
    }
}

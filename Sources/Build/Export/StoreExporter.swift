// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
public import Store

/// Keeps a result in the store, under its tags when it has some.
public struct StoreExporter: Exporter {
    let store: Store
    let names: ImageNames
    public let form: ImageForm
    let canonicalNames: CanonicalNames

    /// Whether names by digest are made besides the tags.
    public enum CanonicalNames: Sendable { case made, omitted }

    public init(
        store: Store, names: ImageNames, form: ImageForm = ImageForm(), canonicalNames: CanonicalNames = .omitted
    ) {
        self.store = store
        self.names = names
        self.form = form
        self.canonicalNames = canonicalNames
    }

    public var title: String {
        let names = names.all
        return names.isEmpty ? "keep the result" : "keep as \(names.map(\.familiar).joined(separator: ", "))"
    }

    public func export(
        _ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> Publication {
        for layer in Set(result.images.flatMap(\.layers)) { try await result.ensureBlob(layer) }
        let tagged = result.named(names)
        let manifests = canonicalNames == .made ? tagged + tagged.canonical : tagged
        let names = manifests.map(\.name)
        return Publication(places: names.map(\.familiar), names: names, reach: .store) { [store] _ in
            for manifest in manifests {
                try store.save(
                    NamedImage(name: manifest.name.description, descriptor: manifest.descriptor), as: manifest.name)
            }
        }
    }
}

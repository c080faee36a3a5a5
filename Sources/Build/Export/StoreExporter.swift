// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Store

/// Keeps a result in the store, under its tags when it has some.
public struct StoreExporter: Exporter {
    let store: Store
    let tags: [Reference]
    public let form: ImageForm
    let canonicalNames: CanonicalNames

    /// Whether names by digest are made besides the tags.
    public enum CanonicalNames: Sendable { case made, omitted }

    public init(
        store: Store, tags: [Reference], form: ImageForm = ImageForm(), canonicalNames: CanonicalNames = .omitted
    ) {
        self.store = store
        self.tags = tags
        self.form = form
        self.canonicalNames = canonicalNames
    }

    public var title: String {
        tags.isEmpty ? "keep the result" : "keep as \(tags.map(\.familiar).joined(separator: ", "))"
    }

    public func export(
        _ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> Publication {
        for layer in Set(result.images.flatMap(\.layers)) { try await result.ensureBlob(layer) }
        let names = canonicalNames == .made ? tags + tags.canonical(result.root.digest) : tags
        let root = result.root
        return Publication(places: names.map(\.familiar), names: names, reach: .store) { [store] _ in
            for name in names { try store.save(NamedImage(name: name.description, descriptor: root), as: name) }
        }
    }
}

extension Sequence<Reference> {
    /// The names by digest, each repository once.
    func canonical(_ digest: Digest) -> [Reference] {
        var seen: Set<Reference> = []
        return map { $0.with(digest: digest) }.filter { seen.insert($0).inserted }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
import OCI
import Store

/// The files of an OCI image layout (image-spec image-layout.md) with one result in it.
struct ImageLayout: Sendable {
    let images: [AssembledImage]
    let root: Descriptor
    let names: ImageNames

    /// Writes everything but the index, which makes the rest visible.
    ///
    /// - Throws: ``StoreError`` for blobs that are damaged; ``ImagesError/output(_:remedy:)``.
    func write(
        to sink: some LayoutSink, from store: Store, _ result: BuildResult, destination: String,
        _ progress: (Int64, Int64) -> Void
    ) async throws {
        for image in images {
            for layer in image.layers { try await result.ensureBlob(layer) }
        }
        let blobs = blobs
        let total = blobs.reduce(0) { $0 + $1.size }
        var completed: Int64 = 0
        try OutputFailure.explaining(destination) {
            try sink.add(LayoutFiles.version, as: LayoutFiles.versionName)
        }
        for blob in blobs {
            try Task.checkCancellation()
            try store.verifyBlob(blob.digest)
            try OutputFailure.explaining(destination) {
                try sink.add(
                    contentsOf: store.blobPath(blob.digest), size: blob.size, as: LayoutFiles.path(of: blob.digest))
            }
            completed += blob.size
            progress(completed, total)
        }
    }

    /// Everything that the root points to and the root itself, each once.
    private var blobs: [Descriptor] {
        var seen: Set<Digest> = []
        var blobs: [Descriptor] = []
        for image in images {
            for blob in image.layers.map(\.blob) + [image.config, image.descriptor]
            where seen.insert(blob.digest).inserted {
                blobs.append(blob)
            }
        }
        if seen.insert(root.digest).inserted { blobs.append(root) }
        return blobs
    }

    /// The bytes of index.json.
    func index() throws -> [UInt8] {
        let named = manifests
        let nameless = named.contains { $0.descriptor.digest == root.digest } ? [] : [root]
        return try LayoutFiles.index(
            nameless + named.flatMap { LayoutFiles.entries($0.descriptor, named: [$0.name]) })
    }

    /// The names that are in it.
    var tags: [Reference] { manifests.map(\.name) }

    private var manifests: [NamedManifest] { names.named(images, root: root, []) }

    /// The bytes of manifest.json, for an archive of Docker's.
    func dockerManifest() throws -> [UInt8] {
        try LayoutFiles.dockerManifest(images.map { ($0.config, $0.layers.map(\.blob)) }, named: tags)
    }
}

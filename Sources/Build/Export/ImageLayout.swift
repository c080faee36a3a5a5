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
        for blob in blobs {
            try Task.checkCancellation()
            try store.verifyBlob(blob.digest)
            try OutputFailure.explaining(destination) {
                try sink.put(contentsOf: store.blobPath(blob.digest), as: blob)
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

    /// Lists the result under its names.
    func enter(_ index: inout LayoutIndex) {
        let named = manifests
        if !named.contains(where: { $0.descriptor.digest == root.digest }) { index.add(root, nil) }
        for manifest in named { index.add(manifest.descriptor, .init(manifest.name), replacing: .sameName) }
    }

    /// Ends an archive.
    func finish(_ sink: TarLayoutSink, dockerManifest: [UInt8]? = nil) throws {
        var index = LayoutIndex()
        enter(&index)
        try sink.finish(index, dockerManifest: dockerManifest)
    }

    /// The names that are in it.
    var tags: [Reference] { manifests.map(\.name) }

    private var manifests: [NamedManifest] { names.named(images, root: root, []) }

    /// The bytes of manifest.json, for an archive of Docker's.
    func dockerManifest() throws -> [UInt8] {
        try LayoutFiles.dockerManifest(images.map { ($0.config, $0.layers.map(\.blob)) }, named: tags)
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
import Store

/// The files of an OCI image layout (image-spec image-layout.md) with one result in it.
struct ImageLayout: Sendable {
    static let indexName = "index.json"

    let images: [AssembledImage]
    let root: Descriptor
    let tags: [Reference]

    /// Writes everything but the index, which makes the rest visible.
    ///
    /// - Throws: ``StoreError`` for blobs that are damaged; ``BuildError/output(_:remedy:)``.
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
            try sink.add(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), as: "oci-layout")
        }
        for blob in blobs {
            try Task.checkCancellation()
            try store.verifyBlob(blob.digest)
            try OutputFailure.explaining(destination) {
                try sink.add(contentsOf: store.blobPath(blob.digest), size: blob.size, as: Self.path(of: blob.digest))
            }
            completed += blob.size
            progress(completed, total)
        }
    }

    static func path(of digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.encoded)" }

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

    /// The bytes of index.json. The names are annotations, as containerd and skopeo read them.
    func index() throws -> [UInt8] {
        var entries: [Descriptor] = tags.map { tag in
            var entry = root
            var notes = entry.annotations ?? [:]
            notes["io.containerd.image.name"] = tag.description
            if let name = tag.tag { notes["org.opencontainers.image.ref.name"] = name }
            entry.annotations = notes
            return entry
        }
        if entries.isEmpty { entries = [root] }
        return try ImageAssembler.encode(Index(manifests: entries))
    }

    /// The bytes of manifest.json, which older Dockers and podman read (Docker's image specification 1.2, "Combined
    /// image JSON + filesystem changeset format").
    func dockerManifest() throws -> [UInt8] {
        struct Entry: Encodable {
            var config: String
            var repoTags: [String]?
            var layers: [String]

            enum CodingKeys: String, CodingKey {
                case config = "Config"
                case repoTags = "RepoTags"
                case layers = "Layers"
            }
        }
        let names = tags.filter { $0.tag != nil }.map(\.familiar)
        return try ImageAssembler.encode(
            images.map { image in
                Entry(
                    config: Self.path(of: image.config.digest), repoTags: names.isEmpty ? nil : names,
                    layers: image.layers.map { Self.path(of: $0.blob.digest) })
            })
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Images
import OCI
import Registry

/// What can be said of an image; encoded as `--json` prints it.
struct ImageDescription: Encodable {
    var name: String
    var digest: Digest
    var mediaType: MediaType
    var annotations: [String: String]?
    var images: [Item]
    var attestations: [Attestation]?

    /// The image of one platform.
    struct Item: Encodable {
        var platform: String?
        var digest: Digest
        var mediaType: MediaType
        /// The bytes of its layers as they are stored.
        var size: Int64
        var created: String?
        var author: String?
        var annotations: [String: String]?
        var configDigest: Digest
        var config: ContainerConfig?
        var layers: [Blob]
        var history: [ImageConfig.History]?
    }

    struct Blob: Encodable {
        var mediaType: MediaType
        var digest: Digest
        var size: Int64
    }

    struct Attestation: Encodable {
        var digest: Digest
        var subject: Digest?
    }

    /// - Throws: what reading the configs throws.
    init(_ selection: ImageSelection, from reader: any ImageReader, name: String) async throws {
        self.name = name
        digest = selection.root.descriptor.digest
        mediaType = selection.root.descriptor.mediaType
        if case .index(let index) = try selection.root.content() { annotations = index.annotations }
        images = []
        for image in selection.runnable { images.append(try await Item(image, from: reader)) }
        let attestations = selection.images.filter(\.isAttestation).map { image in
            Attestation(
                digest: image.document.descriptor.digest,
                subject: image.attested)
        }
        self.attestations = attestations.isEmpty ? nil : attestations
    }

    /// The bytes of all layers, each once.
    var size: Int64 {
        var seen: Set<Digest> = []
        return images.flatMap(\.layers).reduce(0) { $0 + (seen.insert($1.digest).inserted ? $1.size : 0) }
    }

    /// JSON for programs.
    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}

extension ImageDescription.Item {
    init(_ image: ImageSelection.Image, from reader: any ImageReader) async throws {
        platform = image.platform?.description
        digest = image.document.descriptor.digest
        mediaType = image.document.descriptor.mediaType
        size = image.size
        annotations = image.manifest.annotations
        configDigest = image.manifest.config.digest
        layers = image.manifest.layers.map {
            ImageDescription.Blob(mediaType: $0.mediaType, digest: $0.digest, size: $0.size)
        }
        guard image.manifest.config.mediaType.oci == .ociConfig else { return }
        let bytes = try await reader.bytes(image.manifest.config)
        guard let config = try? JSONDecoder().decode(ImageConfig.self, from: Data(bytes)) else { return }
        created = config.created
        author = config.author
        self.config = config.config
        history = config.history
    }
}

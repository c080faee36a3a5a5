// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Registry

/// What of an image is meant, with all its documents: what a copy carries.
public struct ImageSelection: Sendable {
    /// One image of the selection.
    public struct Image: Sendable {
        /// For whom it is; nil when nothing says so, as with artifacts.
        public let platform: Platform?
        public let document: FetchedManifest
        public let manifest: Manifest
        /// Whether it is no image to run but says something of one.
        public let isAttestation: Bool
        /// The image of the index that an attestation is about.
        public let attested: Digest?

        /// The bytes of its layers.
        public var size: Int64 { manifest.layers.reduce(0) { $0 + max(0, $1.size) } }
    }

    /// What of an index is wanted.
    public struct Choice: Sendable, Hashable {
        /// Only the images for these; all when empty. One alone is the image itself, without an index.
        public var platforms: [Platform]
        public var keepsAttestations: Bool

        public init(platforms: [Platform] = [], keepsAttestations: Bool = true) {
            self.platforms = platforms
            self.keepsAttestations = keepsAttestations
        }
    }

    /// What a name stands for: an index or a manifest.
    public let root: FetchedManifest
    /// All images, in the index's order.
    public let images: [Image]
    /// All documents besides the root, those that others refer to first.
    public let documents: [FetchedManifest]

    /// A document alone: all that it leads to is where it goes already.
    public init(root: FetchedManifest) { self.init(root: root, images: [], documents: []) }

    init(root: FetchedManifest, images: [Image], documents: [FetchedManifest]) {
        self.root = root
        self.images = images
        self.documents = documents
    }

    /// The images that can be run.
    public var runnable: [Image] { images.filter { !$0.isAttestation } }

    /// Everything that the documents refer to and that is no document, each once. What only other servers may hand out
    /// is not among it.
    public var blobs: [Descriptor] {
        var seen: Set<Digest> = []
        return images.flatMap { [$0.manifest.config] + $0.manifest.layers }.filter { blob in
            !blob.isForeign && seen.insert(blob.digest).inserted
        }
    }

    /// The only image that can be run, without an index around it.
    ///
    /// - Throws: ``ImagesError/severalPlatforms(title:available:)``.
    func single(for title: String) throws -> ImageSelection {
        if !root.descriptor.mediaType.isIndex { return self }
        guard let image = runnable.first, runnable.count == 1 else {
            throw ImagesError.severalPlatforms(title: title, available: runnable.compactMap(\.platform))
        }
        return ImageSelection(root: image.document, images: [image], documents: [])
    }
}

extension Descriptor {
    /// Whether it is a layer that registries do not hand out (image-spec layer.md, "Non-Distributable Layers").
    package var isForeign: Bool {
        let type = mediaType.rawValue
        return (type.contains(".nondistributable.") || type.contains(".foreign.")) && !(urls ?? []).isEmpty
    }

    /// Whether an entry of an index says something of another one, as BuildKit marks it.
    package var isAttestation: Bool {
        annotations?[Self.attestationTypeKey] != nil
            || platform?.os == "unknown" && platform?.architecture == "unknown"
    }

    /// The entry that an attestation is about.
    var attested: Digest? { annotations?[Self.attestedKey].flatMap { try? Digest($0) } }

    private static let attestationTypeKey = "vnd.docker.reference.type"
    private static let attestedKey = "vnd.docker.reference.digest"
}

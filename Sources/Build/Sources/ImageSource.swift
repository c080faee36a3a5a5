// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Store

/// Where the layers of images come from.
public protocol LayerSource: Sendable {
    /// Brings the blob of an image's layer into the store.
    func fetch(
        _ blob: Descriptor, of reference: Reference, into store: Store,
        progress: @escaping @Sendable (_ completed: Int64) -> Void
    ) async throws
}

/// Where base images come from.
public protocol ImageSource: LayerSource {
    /// Finds the image that `reference` names for each platform; its manifest and config are then in the store, its
    /// layers need not be.
    ///
    /// - Throws: what the source has to say when it cannot answer at all.
    func resolve(_ reference: Reference, for platforms: [Platform]) async throws -> [Platform: BaseResolution]
}

/// Whether a base image is to be had for a platform.
public enum BaseResolution: Sendable {
    case found(BaseImage)
    /// It exists, but for other platforms.
    case lacking(available: [Platform])

    var isFound: Bool {
        if case .found = self { true } else { false }
    }
}

/// An image of one platform that a build starts from.
public struct BaseImage: Sendable, Hashable {
    /// How the Dockerfile names it, normalised.
    public let reference: Reference
    /// The manifest's digest.
    public let digest: Digest
    /// The platform that the image itself claims; may be an older variant of the one that was asked for.
    public let platform: Platform
    public let config: ImageConfig
    /// The layers, lowest first.
    public let layers: [Layer]

    public init(reference: Reference, digest: Digest, platform: Platform, config: ImageConfig, layers: [Layer]) {
        self.reference = reference
        self.digest = digest
        self.platform = platform
        self.config = config
        self.layers = layers
    }

    public static func == (left: BaseImage, right: BaseImage) -> Bool {
        left.digest == right.digest && left.reference == right.reference
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(digest)
        hasher.combine(reference)
    }
}

/// One layer of a file system in the making.
public struct Layer: Sendable, Hashable {
    /// The digest of the uncompressed tar.
    public let diffID: Digest
    /// The blob that holds the layer.
    public let blob: Descriptor
    /// The image that the layer came with; nil for layers that were made here.
    public let origin: Reference?

    public init(diffID: Digest, blob: Descriptor, origin: Reference? = nil) {
        self.diffID = diffID
        self.blob = blob
        self.origin = origin
    }
}

extension Sequence<Layer> {
    /// The name of a stack of layers by content (image-spec config.md, "Layer ChainID").
    var chainID: Digest {
        var chain: Digest?
        for layer in self {
            chain = chain.map { Digest.sha256(of: "\($0) \(layer.diffID)") } ?? layer.diffID
        }
        return chain ?? Digest.sha256(of: "")
    }
}

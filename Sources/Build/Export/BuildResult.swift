// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// One platform's finished image, whose config and manifest are in the store.
public struct AssembledImage: Sendable, Hashable {
    public let platform: Platform
    /// The manifest with the platform, as an index has it.
    public let descriptor: Descriptor
    /// The manifest's bytes.
    public let manifest: [UInt8]
    public let config: Descriptor
    public let layers: [Layer]

    /// The bytes of all layers as stored.
    public var size: Int64 { layers.reduce(0) { $0 + $1.blob.size } }
}

/// What a build made.
public struct BuildResult: Sendable {
    /// The images in the order of the platforms asked for.
    public let images: [AssembledImage]
    /// What the name points to: the index, or the manifest when only one platform was built.
    public let root: Descriptor
    /// The bytes of what the name points to.
    public let rootBytes: [UInt8]
    /// The names asked for.
    public let tags: [Reference]
    /// Brings a layer's blob into the store, if it is not there yet.
    public let ensureBlob: @Sendable (Layer) async throws -> Void
    /// Whether several platforms were asked for, be it that some failed.
    let isOfSeveral: Bool
    /// Opens the files of a stack of layers.
    let files: @Sendable ([Layer]) async throws -> ImageFiles
    /// The time that stands for now.
    let epoch: SourceEpoch?
    /// Tells the user something that is no failure.
    let warn: @Sendable (BuildWarning) -> Void
}

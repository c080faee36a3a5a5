// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// Where a build's result goes.
public protocol Exporter: Sendable {
    /// What a person reads while the export goes on, as in "push registry.example/app:1".
    var title: String { get }

    /// Sees to it, before anything is built, that the export can succeed.
    func prepare() async throws

    /// Learns early of a layer that will be part of the result, so that its bytes can travel while the build goes on.
    ///
    /// - Parameter ensureBlob: brings a layer's blob into the store, if it is not there yet.
    func offer(_ layer: Layer, ensureBlob: @escaping @Sendable (Layer) async throws -> Void) async throws

    /// Puts the whole result in its place: blobs, then manifests, then the name.
    ///
    /// - Returns: the names under which it can be had now.
    func export(_ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void) async throws -> [String]
}

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
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Registry
public import Store
public import SystemPackage

/// Where a cache is read from: a registry or a directory.
public protocol CacheSource: Sendable {
    /// How a person calls it.
    var name: String { get }
    /// The name under which a registry has the layers, when it is one.
    var reference: Reference? { get }

    /// The index or the image that the name stands for; nil when there is none.
    func root() async throws -> FetchedManifest?

    /// The image that an index names.
    func manifest(_ descriptor: Descriptor) async throws -> FetchedManifest

    /// A config, checked against its digest.
    func bytes(of descriptor: Descriptor) async throws -> [UInt8]

    /// Brings a layer's blob into the store, checked against its digest.
    func fetch(
        _ blob: Descriptor, into store: Store, progress: @escaping @Sendable (_ completed: Int64) -> Void
    ) async throws
}

/// Where a cache is written to: a registry or a directory.
public protocol CacheTarget: Sendable {
    /// How a person calls it.
    var name: String { get }

    /// Does all of an export; what it puts there is safe from others meanwhile, though nothing leads to it yet.
    func exporting(_ body: @Sendable () async throws -> Void) async throws

    /// Puts a layer's blob there, if it is not there yet.
    ///
    /// - Parameters:
    ///   - origins: images that are likely to have it.
    ///   - source: brings the blob to a file; asked only when it is needed.
    /// - Returns: how it came there.
    func put(
        _ blob: Descriptor, origins: [Reference], progress: @escaping @Sendable (_ completed: Int64) -> Void,
        source: @escaping @Sendable () async throws -> FilePath
    ) async throws -> PushOutcome

    /// Puts a config there.
    func put(_ bytes: [UInt8], as descriptor: Descriptor) async throws

    /// Puts manifests there and makes the name stand for them and for what it had for other platforms.
    func publish(_ manifests: [CacheManifest]) async throws
}

/// The manifest of a cache's image, with its platform.
public struct CacheManifest: Sendable {
    public let descriptor: Descriptor
    public let bytes: [UInt8]

    package init(descriptor: Descriptor, bytes: [UInt8]) {
        self.descriptor = descriptor
        self.bytes = bytes
    }
}

/// What a build takes from caches, and gives to them.
public struct BuildCaches: Sendable {
    /// Caches to look into, the most trusted first.
    public var sources: [any CacheSource] = []
    /// Where this build's own results go.
    public var exports: [CacheExport] = []
    /// Whether images carry the memory of their own making.
    public var isInline = false

    public init() {}
}

/// One place that a build's results are kept in.
public struct CacheExport: Sendable {
    /// Which layers are kept. What is remembered of the others is only their names.
    public enum Extent: String, Sendable {
        /// Those of the images.
        case images = "min"
        /// Those of all stages that were needed.
        case everything = "max"
    }

    let target: any CacheTarget
    let extent: Extent
    let ignoresErrors: Bool

    public init(to target: any CacheTarget, extent: Extent, ignoresErrors: Bool = false) {
        self.target = target
        self.extent = extent
        self.ignoresErrors = ignoresErrors
    }
}

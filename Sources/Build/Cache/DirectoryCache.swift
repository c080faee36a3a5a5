// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
public import OCI
public import Registry
public import Store
public import SystemPackage

/// A cache in a directory of this machine: an OCI layout, whose entries of index.json have a tag.
public final class DirectoryCache: Sendable {
    private let layout: LayoutDirectory
    private let tag: String
    /// Which entry to read, whatever its tag is.
    private let digest: Digest?
    /// Keeps others from taking away what is not named yet.
    private let hold = SingleFlight<FilePath, FileLock>()

    public init(directory: FilePath, tag: String = "latest", digest: Digest? = nil) {
        layout = LayoutDirectory(directory)
        self.tag = tag
        self.digest = digest
    }

    public var name: String { layout.title + (tag == "latest" ? "" : ":\(tag)") }

    private func root(of index: LayoutIndex) throws -> FetchedManifest? {
        let entry =
            if let digest { index.entries.first { $0.digest == digest } } else { index.entry(tagged: tag) }
        return try entry.map { FetchedManifest(descriptor: $0.bare, bytes: try layout.bytes($0)) }
    }
}

extension DirectoryCache: CacheSource {
    public var reference: Reference? { nil }

    public func root() async throws -> FetchedManifest? { try layout.indexIfAny().flatMap(root) }

    public func manifest(_ descriptor: Descriptor) async throws -> FetchedManifest {
        FetchedManifest(descriptor: descriptor.bare, bytes: try layout.bytes(descriptor))
    }

    public func bytes(of descriptor: Descriptor) async throws -> [UInt8] { try layout.bytes(descriptor) }

    public func fetch(
        _ blob: Descriptor, into store: Store, progress: @escaping @Sendable (_ completed: Int64) -> Void
    ) async throws {
        let ingest = try store.ingest()
        try layout.read(blob) { bytes in
            try ingest.write(bytes)
            progress(ingest.count)
        }
        try ingest.commit(expected: blob.digest)
    }
}

extension DirectoryCache: CacheTarget {
    public func exporting(_ body: @Sendable () async throws -> Void) async throws {
        do {
            _ = try await begin()
            try await body()
            await hold.forget { _ in true }
        } catch {
            await hold.forget { _ in true }
            throw OutputFailure.explained(error, layout.title)
        }
    }

    public func put(
        _ blob: Descriptor, origins: [Reference], progress: @escaping @Sendable (_ completed: Int64) -> Void,
        source: @escaping @Sendable () async throws -> FilePath
    ) async throws -> PushOutcome {
        if layout.has(blob) { return .alreadyThere }
        try layout.put(contentsOf: try await source(), as: blob)
        progress(blob.size)
        return .uploaded
    }

    public func put(_ bytes: [UInt8], as descriptor: Descriptor) async throws {
        try layout.put(bytes, as: descriptor.digest)
    }

    public func publish(_ manifests: [CacheManifest]) async throws {
        for manifest in manifests { try await put(manifest.bytes, as: manifest.descriptor) }
        let former = try await layout.update { top in
            // What is there and cannot be read is replaced: it is of no use to anybody.
            let current = try? root(of: top)
            let index = try CacheIndex.merging(manifests.map(\.descriptor), into: current)
            let bytes = try ImageAssembler.encode(index)
            let root = Descriptor(mediaType: .ociIndex, digest: .sha256(of: bytes), size: Int64(bytes.count))
            try layout.put(bytes, as: root.digest)
            let former = top.entries
            top.add(root, .init(tag: tag))
            return former
        }
        // Or else the directory would grow with every build.
        layout.removeBlobs(of: former, holding: try await begin())
    }

    private func begin() async throws -> FileLock {
        try await hold.value(for: layout.path) { [layout] in try await layout.hold() }
    }
}

extension Descriptor {
    /// Without what an index says of it.
    fileprivate var bare: Descriptor { Descriptor(mediaType: mediaType, digest: digest, size: size) }
}

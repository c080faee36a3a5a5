// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
public import OCI
public import Registry
public import Store
public import SystemPackage

/// A cache in a directory of this machine: an OCI layout, whose entries of index.json have a tag.
public struct DirectoryCache: Sendable {
    let directory: FilePath
    let tag: String
    /// Which entry to read, whatever its tag is.
    let digest: Digest?

    public init(directory: FilePath, tag: String = "latest", digest: Digest? = nil) {
        self.directory = directory
        self.tag = tag
        self.digest = digest
    }

    public var name: String { directory.string + (tag == "latest" ? "" : ":\(tag)") }

    static let tagAnnotation = "org.opencontainers.image.ref.name"
    private static let smallFileLimit = 16 << 20

    var indexPath: FilePath { directory.appending("index.json") }

    func blobPath(_ digest: Digest) -> FilePath {
        directory.appending("blobs").appending(digest.algorithm.rawValue).appending(digest.encoded)
    }

    /// What index.json says; nil when there is no layout.
    func topIndex() throws -> Index? {
        guard let bytes = try Files.read(indexPath, limit: Self.smallFileLimit) else { return nil }
        do { return try JSONDecoder().decode(Index.self, from: Data(bytes)) } catch {
            throw CacheError.malformed("its index.json is no index")
        }
    }
}

extension DirectoryCache: CacheSource {
    public var reference: Reference? { nil }

    public func root() async throws -> FetchedManifest? {
        guard let top = try topIndex() else { return nil }
        let entry =
            if let digest { top.manifests.first { $0.digest == digest } } else {
                top.manifests.first { $0.annotations?[Self.tagAnnotation] == tag }
            }
        guard let entry else { return nil }
        return try await manifest(entry)
    }

    public func manifest(_ descriptor: Descriptor) async throws -> FetchedManifest {
        FetchedManifest(
            descriptor: Descriptor(mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size),
            bytes: try await bytes(of: descriptor))
    }

    public func bytes(of descriptor: Descriptor) async throws -> [UInt8] {
        guard let bytes = try Files.read(blobPath(descriptor.digest), limit: Self.smallFileLimit) else {
            throw CacheError.malformed("it lacks the blob \(descriptor.digest)")
        }
        guard Digest.sha256(of: bytes) == descriptor.digest else {
            throw CacheError.malformed("the blob \(descriptor.digest) has other bytes")
        }
        return bytes
    }

    public func fetch(
        _ blob: Descriptor, into store: Store, progress: @escaping @Sendable (_ completed: Int64) -> Void
    ) async throws {
        let path = blobPath(blob.digest)
        guard Files.size(path) == blob.size else {
            throw CacheError.malformed("it lacks the blob \(blob.digest), or a part of it")
        }
        let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        defer { try? file.close() }
        let ingest = try store.ingest()
        try ingest.write(contentsOf: file, progress: progress)
        try ingest.commit(expected: blob.digest)
    }
}

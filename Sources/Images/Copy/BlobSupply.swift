// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
import Store
public import SystemPackage

/// The bytes of one blob on their way to one or several places; they are fetched from where they are once.
public struct BlobSupply: Sendable {
    /// Which blob.
    public let blob: Descriptor
    let spool: BlobSpool

    /// The repositories that have the blob, whose registries may hand it to others of their own.
    public var origins: [Reference] { spool.reader.origins(of: blob) }

    /// A file with the blob's bytes, which were checked.
    public func file() async throws -> FilePath { try await spool.file(of: blob).path }

    /// Hands out the bytes in order; when this throws, they must be thrown away.
    public func stream(into sink: (UnsafeRawBufferPointer) throws -> Void) async throws {
        if spool.isShared, try await spool.reader.file(blob) == nil {
            let file = try await spool.file(of: blob)
            return try BlobFile.read(file.path, blob, into: sink)
        }
        try await spool.reader.read(blob, into: sink)
    }
}

/// Blobs that were fetched and wait until every place has them.
struct BlobSpool: Sendable {
    let reader: any ImageReader
    let store: Store
    /// Whether several places want the blobs.
    let isShared: Bool
    private let files = SingleFlight<Digest, SpooledFile>()

    init(reader: any ImageReader, store: Store, isShared: Bool) {
        self.reader = reader
        self.store = store
        self.isShared = isShared
    }

    func file(of blob: Descriptor) async throws -> SpooledFile {
        try await files.value(for: blob.digest) {
            if let path = try await reader.file(blob) {
                try await reader.read(blob) { _ in }
                return SpooledFile(path: path, isOurs: false, digest: blob.digest)
            }
            if store.hasBlob(blob.digest, size: blob.size), (try? store.verifyBlob(blob.digest)) != nil {
                return SpooledFile(path: store.blobPath(blob.digest), isOurs: false, digest: blob.digest)
            }
            return try await reader.spooled(blob, in: store)
        }
    }

    /// Lets go of a blob that every place has.
    func release(_ digest: Digest) async { await files.forget { $0.digest == digest } }
}

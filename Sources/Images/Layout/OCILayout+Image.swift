// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Registry
import Store
public import SystemPackage

extension OCILayout: ImageReader {
    public var tag: String? { if case .tag(let tag) = selector { tag } else { nil } }

    public func find(_ digest: Digest) async throws -> FetchedManifest? {
        do { return try document(digest) } catch OCILayoutError.missingBlob { return nil }
    }

    public func file(_ blob: Descriptor) async throws -> FilePath? {
        try open(blob).close()
        return blobPath(blob.digest)
    }

    public func read(_ blob: Descriptor, into sink: (UnsafeRawBufferPointer) throws -> Void) async throws {
        let file = try open(blob)
        defer { try? file.close() }
        do { try BlobFile.read(file, blob, into: sink) } catch StoreError.digestMismatch {
            throw OCILayoutError.damagedBlob(blob.digest, title)
        }
    }

    /// The names that the layout gives its images.
    ///
    /// - Throws: ``OCILayoutError``, ``StoreError``.
    public func tags() throws -> [String] { try contents().index.manifests.compactMap(\.layoutName) }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Layers
public import OCI
public import SystemPackage

extension Store {
    /// Where the blob with this digest is or would be.
    public func blobPath(_ digest: Digest) -> FilePath {
        root.appending("blobs").appending(digest.algorithm.rawValue).appending(digest.encoded)
    }

    /// Whether the store has a blob of this digest and size. A file of another size counts as none and is replaced by
    /// who makes it anew; it stays till then, since the size may be what somebody else's manifest says.
    public func hasBlob(_ digest: Digest, size: Int64? = nil) -> Bool {
        guard let found = Files.size(blobPath(digest)) else { return false }
        return size == nil || size == found
    }

    /// Reads a small blob and checks it against its digest; nil when the store has none. A damaged blob is removed.
    ///
    /// - Throws: ``StoreError``.
    public func readBlob(_ digest: Digest, limit: Int = 16 << 20) throws -> [UInt8]? {
        guard let bytes = try Files.read(blobPath(digest), limit: limit) else { return nil }
        guard Digest.sha256(of: bytes) == digest else {
            unlink(blobPath(digest).string)
            return nil
        }
        return bytes
    }

    /// Stores bytes under their digest.
    ///
    /// - Throws: ``StoreError``.
    @discardableResult
    public func writeBlob(_ bytes: [UInt8]) throws -> Digest {
        let digest = Digest.sha256(of: bytes)
        if !hasBlob(digest, size: Int64(bytes.count)) { try Files.write(bytes, to: blobPath(digest)) }
        return digest
    }

    /// Takes over a finished file whose bytes are known to have this digest.
    ///
    /// - Throws: ``StoreError``.
    public func adoptBlob(_ digest: Digest, from file: FilePath) throws {
        try Files.rename(file, to: blobPath(digest))
    }

    /// Reads a blob through before it is handed on; a damaged one is removed, so that the next build makes it again.
    ///
    /// - Throws: ``StoreError/digestMismatch(expected:actual:)``, or an error when it cannot be read.
    public func verifyBlob(_ digest: Digest) throws {
        let file = try FileDescriptor.open(blobPath(digest), .readOnly, options: .closeOnExec)
        defer { try? file.close() }
        let actual = try FileHasher.hash(file).digest
        guard actual == digest else {
            discardBlob(digest)
            throw StoreError.digestMismatch(expected: digest, actual: actual)
        }
    }

    /// Removes a blob that proved to be damaged.
    public func discardBlob(_ digest: Digest) {
        unlink(blobPath(digest).string)
    }
}

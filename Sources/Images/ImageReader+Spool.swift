// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
package import OCI
package import Store
package import SystemPackage

extension ImageReader {
    /// The blob in a file of this machine, as the place has it: its own when it lies here, else one of ours.
    ///
    /// The bytes of a file that lies here are yet to be checked.
    /// - Parameter progress: is told how many bytes have come.
    /// - Throws: what the place throws when it does not have the blob as it should be; ``StoreError``.
    package func spooled(
        _ blob: Descriptor, in store: Store, progress: @Sendable (_ completed: Int64) -> Void = { _ in }
    ) async throws -> SpooledFile {
        if let path = try await file(blob) { return SpooledFile(path: path, isOurs: false, digest: blob.digest) }
        let (path, file) = try store.scratch.newFile("pull")
        let spooled = SpooledFile(path: path, isOurs: true, digest: blob.digest)
        defer { try? file.close() }
        var count: Int64 = 0
        try await read(blob) { bytes in
            do { try file.writeAll(bytes) } catch let errno as Errno {
                throw StoreError.file(operation: "write", path: path, errno: errno)
            }
            count += Int64(bytes.count)
            progress(count)
        }
        return spooled
    }
}

/// A file that is removed when nobody needs it any more, if it is ours.
package final class SpooledFile: Sendable {
    package let path: FilePath
    let digest: Digest
    private let isOurs: Bool

    init(path: FilePath, isOurs: Bool, digest: Digest) {
        self.path = path
        self.isOurs = isOurs
        self.digest = digest
    }

    deinit { if isOurs { unlink(path.string) } }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import OCI
public import SystemPackage

extension Store {
    /// The directory that a layer is unpacked in, or nil when it is not.
    public func snapshot(_ diffID: Digest) -> FilePath? {
        let path = snapshotPath(diffID)
        return Files.exists(path) ? path : nil
    }

    /// Takes over a directory that holds a layer unpacked, whiteouts as overlayfs has them. When another process was
    /// faster its directory stays and this one is left to the scratch folder's removal.
    ///
    /// - Throws: ``StoreError``.
    public func adoptSnapshot(_ diffID: Digest, from directory: FilePath) throws -> FilePath {
        let target = snapshotPath(diffID)
        if Glibc.rename(directory.string, target.string) != 0 {
            guard errno == EEXIST || errno == ENOTEMPTY else { throw Files.failure("rename to", target) }
        }
        return target
    }

    private func snapshotPath(_ diffID: Digest) -> FilePath {
        root.appending("snapshots").appending(diffID.encoded)
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage

extension Store {
    /// Empties the store; needs it opened with ``Access/exclusive``.
    ///
    /// What remembers results goes first, so that an interrupted removal leaves no memory of what is gone.
    ///
    /// - Throws: ``StoreError``.
    public func removeAll() throws {
        for folder in [
            "names", "steps", "layers", "indexes", "facts", "files", "downloads", "origins", "caches", "snapshots",
            "blobs/sha256",
        ] {
            let path = root.pushing(.init(folder))
            for name in try Files.names(in: path) { try Files.removeTree(path.appending(name)) }
        }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
import SystemPackage

extension Store {
    /// Remembers the repositories that have the blobs of a manifest, which are not all in the store.
    ///
    /// - Throws: ``StoreError``.
    public func noteOrigins(_ repositories: [Reference], of manifest: Digest) throws {
        var names = try readRecord([String].self, at: originPath(manifest)) ?? []
        for name in repositories.map(\.name) where !names.contains(name) { names.append(name) }
        try writeRecord(names, to: originPath(manifest))
    }

    /// The repositories that were remembered.
    public func origins(of manifest: Digest) throws -> [Reference] {
        try (readRecord([String].self, at: originPath(manifest)) ?? []).compactMap { try? Reference($0) }
    }

    private func originPath(_ manifest: Digest) -> FilePath { root.appending("origins").appending(manifest.encoded) }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
import SystemPackage

extension Store {
    /// So many repositories are remembered for a blob or manifest; more would only cost questions when they have lost it.
    private static let rememberedOrigins = 8

    /// Remembers that repositories have a blob, or a manifest with its blobs: their registries can hand it to others of their
    /// own, and it need not be in the store. Of two processes that write at once, one is forgotten.
    ///
    /// - Throws: ``StoreError``.
    public func noteOrigins(_ repositories: [Reference], of content: Digest) throws {
        let known = names(of: content)
        var names: [String] = []
        for name in repositories.map(\.name) + known where !names.contains(name) { names.append(name) }
        names = Array(names.prefix(Self.rememberedOrigins))
        guard names != known else { return }
        try writeRecord(names, to: originPath(content))
    }

    /// The repositories in which a blob or manifest was seen, the latest first; they may have lost it.
    public func origins(of content: Digest) -> [Reference] { names(of: content).compactMap { try? Reference($0) } }

    /// The repositories of one registry in which a blob can be looked for to be mounted, without the registry's name.
    ///
    /// - Parameter likely: repositories that are likely to have it; they come first.
    public func repositories(of registry: String, holding blob: Digest, likely: [Reference]) -> [String] {
        var repositories: [String] = []
        for origin in likely + origins(of: blob) where origin.registry == registry {
            if !repositories.contains(origin.repository) { repositories.append(origin.repository) }
        }
        return repositories
    }

    /// Nothing where a record cannot be read: it is only a memory.
    private func names(of content: Digest) -> [String] {
        (try? readRecord([String].self, at: originPath(content))) ?? []
    }

    private func originPath(_ content: Digest) -> FilePath { root.appending("origins").appending(content.encoded) }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
import OCI
import Store
import SystemPackage

/// Digests of the context's files: remembered where a file is in a state that was seen before, else computed.
actor ContextDigests {
    private let context: BuildContext
    private let store: Store
    private var known: FileDigests
    private var used = FileDigests()
    private var changed = false

    init(context: BuildContext, store: Store) throws {
        self.context = context
        self.store = store
        self.known = context.directory.isTemporary ? FileDigests() : try store.fileDigests(of: context.root.string)
    }

    /// The digests of regular files.
    ///
    /// - Throws: when a file cannot be read.
    func digests(of paths: [TreePath]) throws -> [TreePath: Digest] {
        var result: [TreePath: Digest] = [:]
        let root = try RootDirectory(context.root)
        for path in paths {
            guard let identity = context.identities[path] else { continue }
            if let digest = known[identity] ?? used[identity] {
                result[path] = digest
                used[identity] = digest
                continue
            }
            let descriptor = try root.open(path)
            defer { try? descriptor.close() }
            let digest = try FileHasher.hash(descriptor).digest
            result[path] = digest
            // The clock of file times ticks slowly: a file that was written just now may be written again within the
            // same tick, so its state says nothing about its content yet.
            if identity.changed < context.scanned - 100_000_000 {
                used[identity] = digest
                changed = true
            }
        }
        return result
    }

    /// Keeps what was learned for the next build.
    ///
    /// - Throws: ``StoreError``.
    func save() throws {
        guard changed, !context.directory.isTemporary else { return }
        try store.save(used.merging(known), of: context.root.string)
        changed = false
    }
}

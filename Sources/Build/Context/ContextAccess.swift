// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Store
import SystemPackage

/// The build context, listed when the first step wants it.
actor ContextAccess {
    private let root: FilePath
    private let ignore: IgnorePatterns?
    private let store: Store
    private var listed: ContextSource?

    init(root: FilePath, ignore: IgnorePatterns?, store: Store) {
        self.root = root
        self.ignore = ignore
        self.store = store
    }

    /// - Throws: ``BuildError/unreadableContext(_:reason:)``.
    func source() async throws -> ContextSource {
        if let listed { return listed }
        let context = try BuildContext(root: root, ignore: ignore)
        let source = ContextSource(context: context, cache: try ContextDigests(context: context, store: store))
        listed = source
        return source
    }

    /// Keeps what was learned of the context's files.
    ///
    /// - Throws: ``StoreError``.
    func save() async throws { try await listed?.cache.save() }
}

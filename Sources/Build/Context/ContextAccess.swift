// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Store
import SystemPackage

/// The directories that a build copies from, each listed when the first step wants it.
actor ContextAccess {
    private let main: ContextDirectory
    private let ignore: IgnorePatterns?
    private let store: Store
    private let products: [FilePath]
    private let warn: @Sendable (BuildWarning) -> Void
    private var listed: [Key: ContextSource] = [:]

    /// The build context and a named one may be the same directory with different patterns.
    private struct Key: Hashable {
        var directory: ContextDirectory
        var ignore: IgnorePatterns?
    }

    /// - Parameters:
    ///   - main: the build context; its patterns are `ignore`, which may belong to the Dockerfile.
    ///   - products: what the build itself writes.
    init(
        main: ContextDirectory, ignore: IgnorePatterns?, store: Store, products: [FilePath],
        warn: @escaping @Sendable (BuildWarning) -> Void
    ) {
        self.main = main
        self.ignore = ignore
        self.store = store
        self.products = products
        self.warn = warn
    }

    /// The build context.
    ///
    /// - Throws: ``BuildError/unreadableContext(_:reason:)``.
    func source() throws -> ContextSource { try list(main, ignore) }

    /// A named context, without what its own .dockerignore leaves out.
    ///
    /// - Throws: ``BuildError/unreadableContext(_:reason:)``, ``BuildError/invalidDockerfile(_:)``.
    func source(of directory: ContextDirectory) throws -> ContextSource {
        try list(directory, ContextFile.ignorePatterns(in: directory))
    }

    private func list(_ directory: ContextDirectory, _ ignore: IgnorePatterns?) throws -> ContextSource {
        let key = Key(directory: directory, ignore: ignore)
        if let known = listed[key] { return known }
        let context = try BuildContext(directory, ignore: ignore, own: OwnFiles(store: store.root, products: products))
        if !context.leftOut.isEmpty {
            let names = context.leftOut.map { "\"\($0)\"" }.joined(separator: ", ")
            warn(
                BuildWarning(
                    "\(names) in \(directory.name) is left out: this build writes it; a line in .dockerignore says the same"
                ))
        }
        let source = ContextSource(context: context, cache: try ContextDigests(context: context, store: store))
        listed[key] = source
        return source
    }

    /// Keeps what was learned of the contexts' files.
    ///
    /// - Throws: ``StoreError``.
    func save() async throws {
        for source in listed.values { try await source.cache.save() }
    }
}

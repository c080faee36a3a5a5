// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Dockerfile
import Glibc
import Layers
import OCI
import Store
package import SystemPackage

/// The files that COPY and ADD may read: a directory without what .dockerignore leaves out.
///
/// The tree is listed once, without following links and without reading files; what a step selects is hashed when it
/// is needed. Everything belongs to root in here, whoever owns it on the host.
package struct BuildContext: Sendable {
    /// The directory on the host.
    package let root: FilePath
    /// The states of the regular files.
    let identities: [TreePath: FileIdentity]
    /// How many files, directories and links there are.
    package let count: Int
    /// Everything as a tree; without digests.
    let tree: LayerStack
    private let ignore: IgnorePatterns?
    /// When the listing began, in nanoseconds since 1970.
    let scanned: Int64

    /// Lists a directory.
    ///
    /// - Throws: ``BuildError/unreadableContext(_:reason:)``, `CancellationError`.
    package init(root: FilePath, ignore: IgnorePatterns?) throws {
        var scanner = ContextScanner(root: root, ignore: ignore)
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        self.scanned = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
        try scanner.scan()
        self.root = root
        self.identities = scanner.identities
        let index = try LayerIndex(entries: scanner.takeEntries())
        self.count = index.count
        self.tree = LayerStack([index])
        self.ignore = ignore
    }

    /// Whether .dockerignore is the reason that a path is not there.
    func isLeftOut(_ path: String) -> Bool {
        let clean = String(Paths.clean("/" + path).dropFirst())
        return ignore?.matches(clean) == true && Files.exists(root.appending(clean))
    }
}

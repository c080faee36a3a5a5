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
    let directory: ContextDirectory
    /// The states of the regular files.
    let identities: [TreePath: FileIdentity]
    /// How many files, directories and links there are.
    package let count: Int
    /// Everything as a tree; without digests.
    let tree: LayerStack
    private let ignore: IgnorePatterns?
    /// What the build itself writes and that is therefore no part of the context.
    package let leftOut: [String]
    /// When the listing began, in nanoseconds since 1970.
    let scanned: Int64

    /// Where the directory is.
    var root: FilePath { directory.path }

    /// Lists a directory.
    ///
    /// - Parameter own: what is not part of it although it lies there.
    /// - Throws: ``BuildError/unreadableContext(_:reason:)``, `CancellationError`.
    package init(_ directory: ContextDirectory, ignore: IgnorePatterns?, own: OwnFiles = .none) throws {
        var scanner = ContextScanner(directory, ignore: ignore, own: own)
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        self.scanned = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
        try scanner.scan()
        self.directory = directory
        self.identities = scanner.identities
        self.leftOut = scanner.leftOut
        let index = try LayerIndex(entries: scanner.takeEntries())
        self.count = index.count
        self.tree = LayerStack([index])
        self.ignore = ignore
    }

    /// Whether .dockerignore is the reason that a path is not there.
    func isLeftOut(_ path: String) -> Bool {
        let clean = String(Paths.clean("/" + path).dropFirst())
        guard ignore?.matches(clean) == true else { return false }
        // Whether it is there cannot be seen in a directory that is closed, which may be why it is ignored.
        var status = stat()
        return lstat(root.appending(clean).string, &status) == 0 || errno == EACCES
    }
}

/// Files and directories that a build writes, told by their inodes, however a path leads to them.
package struct OwnFiles: Sendable {
    private var inodes: Set<[UInt64]> = []

    /// Nothing.
    package static let none = OwnFiles()

    private init() {}

    /// - Parameters:
    ///   - store: where manifold keeps what it needs.
    ///   - products: what the user wants to have; need not be there yet.
    package init(store: FilePath, products: [FilePath]) {
        for path in [store] + products {
            var status = stat()
            if stat(path.string, &status) == 0 { inodes.insert(Self.inode(status)) }
        }
    }

    func contains(_ status: stat) -> Bool { !inodes.isEmpty && inodes.contains(Self.inode(status)) }

    private static func inode(_ status: stat) -> [UInt64] { [UInt64(status.st_dev), UInt64(status.st_ino)] }
}

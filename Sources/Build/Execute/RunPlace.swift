// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import Layers
import Sandbox
import Store
import SystemPackage

/// Where one command runs on a stack of layers: the directories of its overlay, and who its user is in there.
struct RunPlace: Sendable {
    /// Where a command is at home.
    struct Home {
        /// `user[:group]`, by names or numbers; empty for root.
        let user: String
        /// A working directory that the layers lack is made.
        let workingDirectory: String
    }

    /// The layers merged.
    let tree: LayerStack
    /// The layers unpacked, lowest first.
    let lower: [FilePath]
    /// Takes what the command changes.
    let upper: FilePath
    let work: FilePath
    let scratch: FilePath
    let identity: UserIdentity

    /// Makes a place, does something in it and takes it away again.
    ///
    /// - Throws: ``SandboxError``, ``LayersError``, ``StoreError``; what `body` throws.
    static func with<Result: Sendable>(
        _ home: Home, on layers: [Layer], library: LayerLibrary, _ body: (RunPlace) async throws -> Result
    ) async throws -> Result {
        let lower = try await library.snapshots(of: layers)
        let tree = try await library.tree(of: layers)
        let directory = try library.store.scratch.newDirectory("run")
        defer { try? Files.removeTree(directory) }
        let upper = directory.appending("upper")
        try makeUpper(upper, like: tree, workingDirectory: home.workingDirectory)
        let (work, scratch) = (directory.appending("work"), directory.appending("scratch"))
        for path in [work, scratch] { try Files.makeDirectories(path) }
        let users = SmallFileReader(library: library, layers: layers, tree: tree)
        let database = UserDatabase(
            passwd: try await users.text("etc/passwd") ?? "", group: try await users.text("etc/group") ?? "")
        return try await body(
            RunPlace(
                tree: tree, lower: lower, upper: upper, work: work, scratch: scratch,
                identity: try database.identity(home.user)))
    }

    /// The upper directory stands for the root in the sandbox, so it looks like the root of the layers; a working
    /// directory that they lack is made in it.
    private static func makeUpper(_ upper: FilePath, like tree: LayerStack, workingDirectory: String) throws {
        let root = tree.lookup(.root) ?? .impliedDirectory(.root)
        try makeDirectory(upper, like: root)
        let resolution = try tree.resolve(TreePath(workingDirectory))
        guard resolution.found == nil else { return }
        var path = TreePath.root
        for component in resolution.path.components {
            path = try path.appending(TreePath(bytes: component))
            guard let text = path.string else { return }
            try makeDirectory(upper.pushing(FilePath(text)), like: tree.lookup(path) ?? .impliedDirectory(path))
        }
    }

    private static func makeDirectory(_ path: FilePath, like entry: TreeEntry) throws {
        try Files.makeDirectories(path, mode: 0o700)
        guard chown(path.string, entry.uid, entry.gid) == 0, chmod(path.string, mode_t(entry.mode)) == 0 else {
            throw StoreError.file(operation: "prepare", path: path, errno: Errno(rawValue: errno))
        }
    }
}

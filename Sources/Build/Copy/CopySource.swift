// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
import OCI
import SystemPackage

/// A tree that files are copied from.
protocol CopySource: Sendable {
    var tree: LayerStack { get }

    /// The digests of regular files.
    func digests(of paths: [TreePath]) async throws -> [TreePath: Digest]

    /// Makes these files readable.
    func reader(for paths: [TreePath]) async throws -> any CopyReader

    /// Whether a path is missing only because the user wanted it left out.
    func isLeftOut(_ path: String) -> Bool
}

/// Opens the files of a tree.
protocol CopyReader {
    func open(_ path: TreePath) throws -> FileDescriptor
}

/// The build context as something to copy from.
struct ContextSource: CopySource {
    let context: BuildContext
    let cache: ContextDigests

    var tree: LayerStack { context.tree }

    func digests(of paths: [TreePath]) async throws -> [TreePath: Digest] { try await cache.digests(of: paths) }

    func reader(for paths: [TreePath]) async throws -> any CopyReader { Reader(root: try RootDirectory(context.root)) }

    func isLeftOut(_ path: String) -> Bool { context.isLeftOut(path) }

    private struct Reader: CopyReader {
        let root: RootDirectory

        func open(_ path: TreePath) throws -> FileDescriptor { try root.open(path) }
    }
}

/// The layers of a stage or an image as something to copy from; only those layers are unpacked that hold what is read.
struct StackSource: CopySource {
    let layers: [Layer]
    let library: LayerLibrary
    let tree: LayerStack

    init(layers: [Layer], library: LayerLibrary) async throws {
        self.layers = layers
        self.library = library
        self.tree = try await library.tree(of: layers)
    }

    func digests(of paths: [TreePath]) async throws -> [TreePath: Digest] {
        var digests: [TreePath: Digest] = [:]
        for path in paths { digests[path] = tree.lookup(path)?.digest }
        return digests
    }

    func reader(for paths: [TreePath]) async throws -> any CopyReader {
        var roots: [Int: RootDirectory] = [:]
        for path in paths {
            guard let position = tree.find(path)?.layer, roots[position] == nil else { continue }
            roots[position] = try RootDirectory(try await library.snapshot(of: layers, at: position))
        }
        return Reader(tree: tree, roots: roots)
    }

    func isLeftOut(_ path: String) -> Bool { false }

    private struct Reader: CopyReader {
        let tree: LayerStack
        let roots: [Int: RootDirectory]

        func open(_ path: TreePath) throws -> FileDescriptor {
            guard let position = tree.find(path)?.layer, let root = roots[position] else {
                throw CopyError.notFound("/\(path)")
            }
            return try root.open(path)
        }
    }
}

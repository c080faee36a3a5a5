// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
import OCI
import Store
import SystemPackage

/// Files from the network that are in the store, as something to copy from.
struct FetchedFiles: CopySource {
    /// Where the bytes are.
    enum Place: Sendable {
        /// A file alone.
        case blob(Digest)
        case directory(FilePath)
    }

    let tree: LayerStack
    /// What is copied: the file, or all files.
    let root: TreePath
    let place: Place
    let store: Store

    init(index: LayerIndex, root: TreePath, place: Place, store: Store) {
        self.tree = LayerStack([index])
        self.root = root
        self.place = place
        self.store = store
    }

    /// A whole source: nothing is looked for in it, and its name has no wildcards.
    func match() throws -> SourceSelection.Match {
        guard let entry = tree.lookup(root) else { throw CopyError.notFound("/\(root)") }
        return SourceSelection.Match(entry: entry, name: root)
    }

    func digests(of paths: [TreePath]) async throws -> [TreePath: Digest] {
        var digests: [TreePath: Digest] = [:]
        for path in paths { digests[path] = tree.lookup(path)?.digest }
        return digests
    }

    func reader(for paths: [TreePath]) async throws -> any CopyReader {
        switch place {
        case .blob(let digest):
            // Who reads it could say only that it is another than it was; so that it is fetched again, it must go.
            try store.verifyBlob(digest)
            return BlobReader(path: store.blobPath(digest))
        case .directory(let directory): return DirectoryReader(root: try RootDirectory(directory))
        }
    }

    func isLeftOut(_ path: String) -> Bool { false }

    private struct BlobReader: CopyReader {
        let path: FilePath

        func open(_: TreePath) throws -> FileDescriptor {
            try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        }
    }

    private struct DirectoryReader: CopyReader {
        let root: RootDirectory

        func open(_ path: TreePath) throws -> FileDescriptor { try root.open(path) }
    }
}

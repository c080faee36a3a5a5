// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
import OCI
import SystemPackage

/// The files of an image as a container would see them, its layers merged.
struct ImageFiles: Sendable {
    let entries: [Entry]
    /// Where the layers that hold files are unpacked, by their place in the stack.
    private let snapshots: [Int: FilePath]

    /// An entry of the merged tree.
    struct Entry: Sendable {
        /// What is there; a hard link's target comes before it, in this list.
        var entry: TreeEntry
        /// The layer that it comes from.
        var layer: Int?
    }

    init(_ layers: [Layer], library: LayerLibrary) async throws {
        entries = Self.flatten(try await library.tree(of: layers))
        var snapshots: [Int: FilePath] = [:]
        for entry in entries where entry.entry.kind == .file && entry.entry.size > 0 {
            guard let layer = entry.layer, snapshots[layer] == nil else { continue }
            snapshots[layer] = try await library.snapshot(of: layers, at: layer)
        }
        self.snapshots = snapshots
    }

    /// Opens files; belongs to one task.
    func opener() -> Opener { Opener(snapshots: snapshots) }

    final class Opener {
        private let snapshots: [Int: FilePath]
        private var roots: [Int: RootDirectory] = [:]

        init(snapshots: [Int: FilePath]) { self.snapshots = snapshots }

        /// Calls `body` with a regular file's bytes; with nil for what has none.
        func withContent<Result>(_ entry: Entry, _ body: (FileDescriptor?) throws -> Result) throws -> Result {
            guard entry.entry.kind == .file, let layer = entry.layer, let path = snapshots[layer] else {
                return try body(nil)
            }
            let root = try roots[layer] ?? RootDirectory(path)
            roots[layer] = root
            let file = try root.open(entry.entry.path)
            return try file.closeAfter { try body(file) }
        }
    }

    /// Everything but the root, a directory right before what is in it.
    ///
    /// The names of a file in one layer stay names of one file, whichever of them upper layers have hidden: the first
    /// that is left is the file, the others link to it.
    static func flatten(_ tree: LayerStack) -> [Entry] {
        struct File: Hashable {
            var layer: Int?
            var path: TreePath
        }
        var firstNames: [File: TreePath] = [:]
        var entries: [Entry] = []
        var pending = Array(tree.list(.root).reversed())
        while let stacked = pending.popLast() {
            var entry = stacked.entry
            switch entry.kind {
            case .hardLink(let target):
                let file = File(layer: stacked.layer, path: target)
                if let first = firstNames[file] {
                    entry.kind = .hardLink(target: first)
                } else {
                    entry.kind = .file
                    firstNames[file] = entry.path
                }
            case .file:
                let file = File(layer: stacked.layer, path: entry.path)
                if let first = firstNames[file] {
                    entry.kind = .hardLink(target: first)
                } else {
                    firstNames[file] = entry.path
                }
            default: break
            }
            entries.append(Entry(entry: entry, layer: stacked.layer))
            if entry.isDirectory { pending += tree.list(entry.path).reversed() }
        }
        return entries
    }
}

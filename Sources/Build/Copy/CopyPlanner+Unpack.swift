// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
import OCI

/// Archives that ADD unpacks. The rules are those of unpacking and not of copying: whatever is in the way of an entry is
/// replaced, directories get the owner and mode that the archive says, and --chmod is for nothing in it.
extension CopyPlanner {
    /// Adds what is in an archive, below the destination.
    ///
    /// - Throws: ``CopyError``, ``LayersError``.
    mutating func unpack(_ index: LayerIndex, source number: Int) throws {
        let target = try destination.resolve(TreePath(operation.destination)).path
        try makeDirectories(target)
        if target.isRoot == false, lookup(target)?.isDirectory == true { try pass(target) }
        try unpack(.root, of: LayerStack([index]), index, source: number, to: target)
    }

    private mutating func unpack(
        _ directory: TreePath, of tree: LayerStack, _ index: LayerIndex, source number: Int, to target: TreePath
    ) throws {
        try Task.checkCancellation()
        for child in tree.children(of: directory) {
            let place = try target.appending(TreePath(bytes: child.path.name))
            guard child.isDirectory else {
                try putUnpacked(child, source: number, at: place)
                continue
            }
            if index.lookup(child.path) != nil {
                try putUnpacked(child, source: number, at: place)
                try unpack(child.path, of: tree, index, source: number, to: place)
            } else {
                // The archive does not say what it is, so a link that leads to a directory of the image will do.
                let existing = isMade(place) ? place : try destination.resolve(place).path
                if let found = lookup(existing), !found.isDirectory { try replace(existing) }
                try makeDirectories(existing)
                try unpack(child.path, of: tree, index, source: number, to: existing)
            }
        }
    }

    private mutating func putUnpacked(_ source: TreeEntry, source number: Int, at target: TreePath) throws {
        if let existing = lookup(target), !(existing.isDirectory && source.isDirectory) { try replace(target) }
        if let parent = target.parent { try makeDirectories(parent) }
        var entry = source
        entry.path = target
        if case .directory = entry.kind { entry.kind = .directory(opaque: false) }
        if let owner { (entry.uid, entry.gid) = owner }
        let content: CopyPlan.Content
        switch entry.kind {
        case .file: content = .source(source.path, from: number)
        case .hardLink(let target): content = .source(target, from: number)
        default: content = .none
        }
        add(CopyPlan.Item(entry: entry, content: content))
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers

/// Finds which copied files were names of one file, so that they are again (BuildKit keeps links within one copy).
struct HardLinks {
    /// A path in one of the trees that are copied from.
    private struct Place: Hashable {
        var path: TreePath
        var source: Int
    }

    /// A file of a source tree: its place, in the layer that its names are from.
    private struct Origin: Hashable {
        var place: Place
        var layer: Int?
    }

    /// The files that were copied by another name of theirs, by where they went.
    private var links: [TreePath: Origin] = [:]
    /// Origins that are still what their layer says, and not replaced by a later one.
    private var intact: [Place: Origin] = [:]

    /// Notes that an entry was copied to `target`.
    mutating func note(_ entry: TreeEntry, from tree: LayerStack, number source: Int, to target: TreePath) {
        guard case .hardLink(let path) = entry.kind else { return }
        let origin = Origin(place: Place(path: path, source: source), layer: tree.find(entry.path)?.layer)
        links[target] = origin
        if tree.find(path)?.layer == origin.layer { intact[origin.place] = origin }
    }

    /// Notes that something is put to `target`, whatever was copied there before.
    mutating func forget(_ target: TreePath) {
        if !links.isEmpty { links[target] = nil }
    }

    /// Makes links of what was copied as files.
    func join(_ items: inout [TreePath: CopyPlan.Item]) {
        guard !links.isEmpty else { return }
        var groups: [Origin: [TreePath]] = [:]
        for (target, item) in items {
            guard case .source(let path, let number) = item.content, item.entry.kind == .file else { continue }
            if let origin = links[target] {
                groups[origin, default: []].append(target)
            } else if let origin = intact[Place(path: path, source: number)] {
                groups[origin, default: []].append(target)
            }
        }
        for targets in groups.values where targets.count > 1 {
            let sorted = targets.sorted()
            for target in sorted.dropFirst() {
                items[target]?.entry.kind = .hardLink(target: sorted[0])
                items[target]?.content = .none
            }
        }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The merged view of layers, the lowest first, as overlayfs would show it: whiteouts and opaque directories honoured.
public struct LayerStack: Sendable {
    /// The layers, the lowest first.
    public let layers: [LayerIndex]

    /// Stacks layers, the lowest first; none make an empty root.
    public init(_ layers: [LayerIndex]) { self.layers = layers }

    /// An entry and the layer that it comes from.
    public struct StackedEntry: Hashable, Sendable {
        /// What is there.
        public let entry: TreeEntry
        /// The place of the layer in ``LayerStack/layers``; nil for a directory that no layer describes.
        public let layer: Int?
    }

    /// An entry with what is needed to look beneath it.
    struct Node {
        let stacked: StackedEntry
        /// The lowest layer whose entries beneath this directory are visible.
        let lowest: Int

        var path: TreePath { stacked.entry.path }
        var isDirectory: Bool { stacked.entry.isDirectory }
    }

    /// This stack with one more layer on top.
    public func adding(_ layer: LayerIndex) -> LayerStack { LayerStack(layers + [layer]) }

    /// What is at `path`, and which layer it comes from; links are not followed.
    public func find(_ path: TreePath) -> StackedEntry? { node(at: path)?.stacked }

    var rootNode: Node {
        if let node = merge(.root, lowest: 0), node.isDirectory { return node }
        return Node(stacked: StackedEntry(entry: .impliedDirectory(.root), layer: nil), lowest: 0)
    }

    func node(at path: TreePath) -> Node? {
        // A single layer hides nothing of itself: there is no need to look at every directory on the way, which in a
        // deep tree takes far longer than all the rest.
        if layers.count == 1, !path.isRoot { return merge(path, lowest: 0) }
        var node = rootNode
        for component in path.components {
            guard let next = child(of: node, named: component) else { return nil }
            node = next
        }
        return node
    }

    func child(of node: Node, named name: some Collection<UInt8>) -> Node? {
        guard node.isDirectory else { return nil }
        return merge(node.path.appending(name: name), lowest: node.lowest)
    }

    /// Looks from the top layer down to `lowest` for what is at `path`.
    private func merge(_ path: TreePath, lowest: Int) -> Node? {
        var directory: StackedEntry?
        var isDirectory = false
        for layer in layers.indices.reversed() where layer >= lowest {
            guard let entry = layers[layer].lookup(path) else {
                if layers[layer].hasDescendants(path) { isDirectory = true }
                continue
            }
            switch entry.kind {
            case .directory(let opaque):
                isDirectory = true
                directory = directory ?? StackedEntry(entry: Self.merged(entry), layer: layer)
                if opaque { return node(path, directory, lowest: layer) }
            case .whiteout:
                return isDirectory ? node(path, directory, lowest: layer + 1) : nil
            default:
                if isDirectory { return node(path, directory, lowest: layer + 1) }
                return Node(stacked: StackedEntry(entry: entry, layer: layer), lowest: layers.count)
            }
        }
        return isDirectory ? node(path, directory, lowest: lowest) : nil
    }

    private func node(_ path: TreePath, _ directory: StackedEntry?, lowest: Int) -> Node {
        Node(
            stacked: directory ?? StackedEntry(entry: .impliedDirectory(path), layer: nil), lowest: lowest)
    }

    /// In the merged view no directory is opaque: there is nothing below it to hide.
    private static func merged(_ entry: TreeEntry) -> TreeEntry {
        var entry = entry
        entry.kind = .directory(opaque: false)
        return entry
    }

    /// What is directly in the directory at `path`, sorted by name.
    public func list(_ path: TreePath) -> [StackedEntry] {
        guard let node = node(at: path), node.isDirectory else { return [] }
        var names: Set<[UInt8]> = []
        for layer in layers[min(node.lowest, layers.count)...] {
            layer.forEachChild(of: path) { name, _ in names.insert(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
            .compactMap { child(of: node, named: $0)?.stacked }
    }
}

extension LayerStack: FileTree {
    public func lookup(_ path: TreePath) -> TreeEntry? { find(path)?.entry }
    public func children(of path: TreePath) -> [TreeEntry] { list(path).map(\.entry) }
}

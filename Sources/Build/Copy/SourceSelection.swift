// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
package import Layers
import OCI

/// Finds what the sources of a COPY or ADD name.
package struct SourceSelection {
    /// Something that is copied: a path of the source tree, links on the way resolved.
    package struct Match: Sendable {
        /// Where it is in the tree.
        package var entry: TreeEntry
        /// The name that it gets below a destination directory.
        package var name: TreePath
        /// The directories that are kept with it, the highest first; the first stands for the destination itself.
        package var parents: [TreeEntry] = []

        package init(entry: TreeEntry, name: TreePath, parents: [TreeEntry] = []) {
            self.entry = entry
            // What is copied by itself is a file, whatever other names it has.
            if case .hardLink = entry.kind { self.entry.kind = .file }
            self.name = name
            self.parents = parents
        }
    }

    let tree: LayerStack
    let parents: CopyOperation.Parents

    package init(tree: LayerStack, parents: CopyOperation.Parents = .dropped) {
        self.tree = tree
        self.parents = parents
    }

    /// The things that one source names, in lexical order; a pattern may match nothing.
    ///
    /// - Throws: ``CopyError``.
    package func matches(of source: String) throws -> [Match] {
        switch parents {
        case .dropped: try matchesAlone(of: source)
        case .kept: try matchesWithParents(of: source)
        }
    }

    func matchesAlone(of source: String) throws -> [Match] {
        // A path cannot leave the tree: leading slashes and parent directories stop at its root.
        let clean = String(Paths.clean("/" + source).dropFirst())
        guard PathPattern.hasWildcards(clean) else {
            let resolution = try tree.resolve(TreePath(clean))
            guard let entry = resolution.found?.entry else { throw CopyError.notFound(source) }
            return [Match(entry: entry, name: try Self.name(of: clean))]
        }
        return try expand(clean)
    }

    /// Go's filepath.Match against whole paths; a directory that matches is not searched for more. Links are followed
    /// on the way to the first wildcard and not beyond.
    private func expand(_ pattern: String) throws -> [Match] {
        let components = pattern.split(separator: "/").map(String.init)
        let literal = components.prefix { !PathPattern.hasWildcards($0) }
        let patterns = try components.dropFirst(literal.count).map { try PathPattern($0) }
        let start = try tree.resolve(TreePath(literal.joined(separator: "/")))
        guard let directory = start.found?.entry, directory.isDirectory else { return [] }
        var matches: [Match] = []
        func visit(_ directory: TreePath, _ level: Int) throws {
            for child in tree.children(of: directory) {
                // A name need not be UTF-8 to be matched.
                guard patterns[level].matches(String(decoding: child.path.name, as: UTF8.self)) else { continue }
                if level == patterns.count - 1 {
                    let resolution = try tree.resolve(child.path)
                    guard let entry = resolution.found?.entry else { throw CopyError.notFound("/\(child.path)") }
                    matches.append(Match(entry: entry, name: try TreePath(bytes: child.path.name)))
                } else if child.isDirectory {
                    try visit(child.path, level + 1)
                }
            }
        }
        try visit(directory.path, 0)
        return matches
    }

    private static func name(of path: String) throws -> TreePath {
        try TreePath(path.split(separator: "/").last.map(String.init) ?? "")
    }
}

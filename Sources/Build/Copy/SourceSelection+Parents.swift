// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Layers

/// Sources of a COPY --parents: patterns as in a `.dockerignore`, with `**`, below a directory whose own path is dropped.
extension SourceSelection {
    /// The things that a source names, each with the directories that lead there from `/./` on, or from the root.
    ///
    /// Links on the way are not followed: they would have to be directories in the destination.
    func matchesWithParents(of source: String) throws -> [Match] {
        let (start, pattern) = Self.cut(source)
        return try matchesAlone(of: start).flatMap { top -> [Match] in
            if pattern.isEmpty { return [Match(entry: top.entry, name: .root)] }
            if top.entry.isDirectory, PathPattern.hasWildcards(pattern) {
                return try expand(pattern, below: top.entry)
            }
            if let match = try match(of: pattern, below: top.entry) { return [match] }
            guard PathPattern.hasWildcards(start) else { throw CopyError.notFound(source) }
            return []
        }
    }

    /// The directory whose path is dropped, and the rest without slashes around it; both stop at the root.
    private static func cut(_ source: String) -> (start: String, pattern: String) {
        let pivot = Array("/./".utf8)
        let bytes = Array(source.utf8)
        let place = bytes.indices.first { bytes[$0...].starts(with: pivot) }
        let start = place.map { String(decoding: bytes[..<$0], as: UTF8.self) } ?? ""
        let rest = place.map { String(decoding: bytes[($0 + pivot.count)...], as: UTF8.self) } ?? source
        return (start, String(Paths.clean("/" + rest).dropFirst()))
    }

    /// What lies at a path without wildcards.
    private func match(of path: String, below top: TreeEntry) throws -> Match? {
        var parents: [TreeEntry] = []
        var entry = top
        for component in path.split(separator: "/") {
            guard entry.isDirectory, let next = tree.find(try entry.path.appending(TreePath(String(component))))?.entry
            else { return nil }
            parents.append(entry)
            entry = next
        }
        return Match(entry: entry, name: try TreePath(path), parents: parents)
    }

    /// All that a pattern matches; what lies in a directory that matches comes with it.
    private func expand(_ pattern: String, below top: TreeEntry) throws -> [Match] {
        let patterns = try IgnorePatterns([pattern])
        var matches: [Match] = []
        func visit(_ parents: [TreeEntry], _ directory: TreeEntry, _ relative: TreePath) throws {
            let parents = parents + [directory]
            for child in tree.children(of: directory.path) {
                let name = try relative.appending(TreePath(bytes: child.path.name))
                let text = String(decoding: name.bytes, as: UTF8.self)
                if patterns.matches(text) {
                    matches.append(Match(entry: child, name: name, parents: parents))
                } else if child.isDirectory, patterns.mayMatch(below: text) {
                    try visit(parents, child, name)
                }
            }
        }
        try visit([], top, .root)
        return matches
    }
}

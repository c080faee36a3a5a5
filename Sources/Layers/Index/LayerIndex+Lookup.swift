// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension LayerIndex {
    /// The entry at exactly this path, whiteouts included; nil when the layer has none.
    public func lookup(_ path: TreePath) -> TreeEntry? {
        position(of: path).map { self[$0] }
    }

    /// What the layer has directly in the directory at `path`, sorted by name: entries, whiteouts, and for directories
    /// that only contain entries an implied one.
    public func children(of path: TreePath) -> [TreeEntry] {
        var children: [TreeEntry] = []
        forEachChild(of: path) { name, position in
            children.append(position.map { self[$0] } ?? .impliedDirectory(path.appending(name: name)))
        }
        return children
    }

    /// Whether the layer has anything below `path`, whiteouts included.
    func hasDescendants(_ path: TreePath) -> Bool {
        let first = firstDescendant(of: path)
        return first < count && isBelow(first, path)
    }

    func position(of path: TreePath) -> Int? {
        let position = lowerBound(path)
        guard position < count else { return nil }
        let found = withRecord(position) { record in path.bytes.withUnsafeBytes { TreePath.order(record.path, $0) == 0 }
        }
        return found ? position : nil
    }

    /// Calls `body` for each child's name, with its position when it has an entry of its own.
    func forEachChild(of path: TreePath, _ body: (_ name: [UInt8], _ position: Int?) -> Void) {
        let prefix = path.isRoot ? 0 : path.bytes.count + 1
        var position = firstDescendant(of: path)
        while position < count, isBelow(position, path) {
            let (name, isOwn): ([UInt8], Bool) = withRecord(position) { record in
                let rest = record.path[prefix...]
                let end = rest.firstIndex(of: slash)
                return (Array(rest[..<(end ?? rest.endIndex)]), end == nil)
            }
            body(name, isOwn ? position : nil)
            position = endOfSubtree(path.appending(name: name), from: position)
        }
    }

    /// The first entry that does not come before `path`.
    private func lowerBound(_ path: TreePath) -> Int {
        path.bytes.withUnsafeBytes { wanted in
            partition(from: 0) { TreePath.order($0.path, wanted) >= 0 }
        }
    }

    private func firstDescendant(of path: TreePath) -> Int {
        let first = lowerBound(path)
        return position(of: path) == nil ? first : first + 1
    }

    /// The first entry after everything at and below `path`; `start` is at or within it.
    private func endOfSubtree(_ path: TreePath, from start: Int) -> Int {
        // Most children are leaves: look at the next entry before searching.
        if start + 1 >= count || !isBelow(start + 1, path) { return start + 1 }
        return partition(from: start + 1) { !Self.isBelow($0, path) }
    }

    private func isBelow(_ position: Int, _ path: TreePath) -> Bool {
        withRecord(position) { Self.isBelow($0, path) }
    }

    private static func isBelow(_ record: IndexRecord, _ path: TreePath) -> Bool {
        let candidate = record.path
        if path.isRoot { return !candidate.isEmpty }
        let count = path.bytes.count
        guard candidate.count > count, candidate[count] == slash else { return false }
        return candidate.prefix(count).elementsEqual(path.bytes)
    }

    /// The first position at or after `start` where `predicate` holds, given that it holds for all after that.
    private func partition(from start: Int, _ predicate: (IndexRecord) -> Bool) -> Int {
        var (low, high) = (start, count)
        while low < high {
            let middle = low + (high - low) / 2
            if withRecord(middle, predicate) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

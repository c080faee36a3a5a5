// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Where a path leads once symbolic links are followed.
public struct ResolvedPath: Hashable, Sendable {
    /// The path without links on the way.
    public let path: TreePath
    /// What is there; nil when it does not exist yet.
    public let found: LayerStack.StackedEntry?
    /// The deepest directory on the way that exists; the parts of ``path`` after it are still to be made.
    public let existingDirectory: TreePath
}

/// What happens to a symbolic link at the end of a path.
public enum FinalLink: Hashable, Sendable {
    /// It is followed, as by stat(2).
    case followed
    /// It is the result, as for lstat(2).
    case kept
}

extension LayerStack {
    /// The most links that are followed (path_resolution(7) has 40; Docker's own resolver 255).
    private static let maximumLinks = 255

    /// Follows `path` as a process would whose root this tree is: `..` at the root stays there.
    ///
    /// What does not exist is no error: the rest of the path is taken as it is written.
    /// - Throws: ``LayersError/symlinkLoop(_:)``, or ``LayersError/notADirectory(_:)`` when the path goes through
    ///   something that exists and is no directory.
    public func resolve(_ path: TreePath, finalLink: FinalLink = .followed) throws -> ResolvedPath {
        var pending = Array(path.components.reversed())
        var nodes = [rootNode]
        var missing: [ArraySlice<UInt8>] = []
        var linkCount = 0
        while let component = pending.popLast() {
            if component.elementsEqual([dot]) { continue }
            if component.elementsEqual([dot, dot]) {
                if !missing.isEmpty { missing.removeLast() } else if nodes.count > 1 { nodes.removeLast() }
                continue
            }
            guard let current = nodes.last, missing.isEmpty else {
                missing.append(component)
                continue
            }
            guard current.isDirectory else { throw LayersError.notADirectory(current.path) }
            guard let next = child(of: current, named: component) else {
                missing.append(component)
                continue
            }
            if case .symlink(let target) = next.stacked.entry.kind, !pending.isEmpty || finalLink == .followed {
                linkCount += 1
                guard linkCount <= Self.maximumLinks else { throw LayersError.symlinkLoop(path) }
                if target.first == slash { nodes = [nodes[0]] }
                pending.append(contentsOf: target.split(separator: slash).reversed())
                continue
            }
            nodes.append(next)
        }
        let last = nodes[nodes.count - 1]
        if !missing.isEmpty {
            guard last.isDirectory else { throw LayersError.notADirectory(last.path) }
            return ResolvedPath(
                path: try missing.reduce(last.path) { try $0.appending(TreePath(bytes: $1)) }, found: nil,
                existingDirectory: last.path)
        }
        let directory = last.isDirectory ? last : nodes[nodes.count - 2]
        return ResolvedPath(path: last.path, found: last.stacked, existingDirectory: directory.path)
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Read access to a tree of files as a process inside it would see them; no whiteouts.
public protocol FileTree: Sendable {
    /// What is at `path`; symbolic links are not followed, neither at the end nor on the way.
    func lookup(_ path: TreePath) -> TreeEntry?

    /// What is directly in the directory at `path`, sorted by name; nothing when there is no such directory.
    func children(of path: TreePath) -> [TreeEntry]
}

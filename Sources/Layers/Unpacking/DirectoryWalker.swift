// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage

/// Reaches files beneath one directory and never outside of it: every part of a path is opened from the descriptor of
/// the part before, and no symbolic link is followed.
final class DirectoryWalker {
    /// How deep descriptors are kept open between calls; deeper directories are walked to each time.
    private static let maximumOpen = 32

    private let root: Int32
    private var chain: [(name: [UInt8], descriptor: Int32)] = []

    /// Takes a directory's path on the host, whose own last part must not be a symbolic link.
    convenience init(_ path: FilePath) throws {
        let descriptor = open(path.string, System.openPath | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        self.init(owning: try System.check(descriptor, "open", path.string))
    }

    init(owning descriptor: Int32) { root = descriptor }

    deinit {
        forget()
        close(root)
    }

    /// Closes the kept descriptors; needed after a directory was removed or replaced.
    func forget() {
        for link in chain.reversed() { close(link.descriptor) }
        chain = []
    }

    /// Calls `body` with the descriptor of the directory that holds `path`, and the path's last part (`.` for the
    /// root).
    ///
    /// `create` is called for a directory on the way that is missing (or is a whiteout) and must make it; when it is
    /// nil, a missing directory is an error.
    @discardableResult
    func withParent<Result>(
        of path: TreePath, create: ((_ parent: Int32, _ name: [CChar], _ path: TreePath) throws -> Void)? = nil,
        _ body: (_ parent: Int32, _ name: [CChar]) throws -> Result
    ) throws -> Result {
        guard let parent = path.parent else { return try body(root, System.name([dot])) }
        var transient: Int32 = -1
        defer { if transient >= 0 { close(transient) } }
        let components = parent.components
        var depth = 0
        while depth < min(chain.count, components.count), chain[depth].name.elementsEqual(components[depth]) {
            depth += 1
        }
        while chain.count > depth { close(chain.removeLast().descriptor) }
        var current = chain.last?.descriptor ?? root
        for component in components[depth...] {
            let here = { TreePath(unchecked: Array(parent.bytes[..<component.endIndex])) }
            let next = try enter(current, component, here, create)
            if chain.count < Self.maximumOpen {
                chain.append((Array(component), next))
            } else {
                if transient >= 0 { close(transient) }
                transient = next
            }
            current = next
        }
        return try body(current, System.name(path.name))
    }

    private func enter(
        _ parent: Int32, _ component: ArraySlice<UInt8>, _ path: () -> TreePath,
        _ create: ((Int32, [CChar], TreePath) throws -> Void)?
    ) throws -> Int32 {
        let name = System.name(component)
        let flags = System.openPath | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let first = openat(parent, name, flags)
        if first >= 0 { return first }
        guard errno == ENOENT || errno == ENOTDIR || errno == ELOOP else { throw System.failure("open", path()) }
        guard let create else {
            throw errno == ENOENT ? System.failure("open", path()) : LayersError.beneathNonDirectory(path())
        }
        try create(parent, name, path())
        return try System.check(openat(parent, name, flags), "open", path().description)
    }

    /// Opens a file, or a directory for listing, for reading; `ELOOP` when the last part is a symbolic link.
    func openForReading(_ path: TreePath) throws -> Int32 {
        try withParent(of: path) { parent, name in
            // O_NONBLOCK: opening a pipe must not wait for a writer.
            let descriptor = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
            return try System.check(descriptor, "open", path.description)
        }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CArchive
import Glibc
public import SystemPackage

/// Puts a tree of files into a directory that belongs to a user and may hold other things.
///
/// Files are first written into a staging directory inside; nothing that the user sees changes before ``commit(_:)``,
/// which only renames. No symbolic link below the directory is followed. What is there stays unless the tree has
/// something of the same name; a directory gives way to nothing but a directory. Everything made belongs to whoever
/// runs the process, so files lose their set-user-ID and set-group-ID bits. A writer belongs to one task at a time.
public final class HostTreeWriter {
    /// What happens to files in the directory that the tree does not have.
    public enum Others: Sendable { case kept, removed }

    let root: Int32
    let walker: DirectoryWalker
    private let destination: FilePath
    private let staging: StagingDirectory
    private(set) var entries: [Staged] = []
    private var stagedFiles: [TreePath: String] = [:]

    /// An entry that waits for its place.
    struct Staged {
        var entry: TreeEntry
        /// Its name in the staging directory; nil for directories.
        var name: String?
    }

    /// Opens the directory, which must exist; leftovers of exports that were killed are removed from it.
    ///
    /// - Throws: ``LayersError/system(operation:path:errno:)``.
    public init(into destination: FilePath) throws {
        self.destination = destination
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
        root = try System.check(open(destination.string, flags), "open", destination.string)
        let own = dup(root)
        guard own >= 0 else {
            close(root)
            throw System.failure("open", destination)
        }
        walker = DirectoryWalker(owning: own)
        do { staging = try StagingDirectory(in: root, label: destination.string) } catch {
            close(root)
            throw error
        }
    }

    deinit { close(root) }

    /// Stages an entry: directories before what is in them, hard links after their targets.
    ///
    /// - Parameter content: what a regular file's bytes are read from, holes as holes.
    /// - Returns: whether it can be made here; devices, pipes and whiteouts cannot.
    /// - Throws: ``LayersError/fileChanged(_:expectedSize:)``, ``LayersError/system(operation:path:errno:)``,
    ///   `CancellationError`.
    public func add(_ entry: TreeEntry, content: FileDescriptor? = nil) throws -> Bool {
        try Task.checkCancellation()
        let name = String(entries.count)
        let label = label(entry.path)
        switch entry.kind {
        case .directory:
            entries.append(Staged(entry: entry, name: nil))
            return true
        case .file:
            try write(entry, content, as: name)
            stagedFiles[entry.path] = name
        case .symlink(let target):
            try System.check(symlinkat(System.name(target), staging.descriptor, name), "write", label)
            var times = SnapshotWriter.times(entry.modificationTime)
            try System.check(
                utimensat(staging.descriptor, name, &times, AT_SYMLINK_NOFOLLOW), "set time of", label)
        case .hardLink(let target):
            guard let first = stagedFiles[target] else {
                throw LayersError.hardLinkTargetMissing(link: entry.path, target: target)
            }
            try System.check(linkat(staging.descriptor, first, staging.descriptor, name, 0), "link", label)
        case .characterDevice, .blockDevice, .fifo, .whiteout: return false
        }
        entries.append(Staged(entry: entry, name: name))
        return true
    }

    private func write(_ entry: TreeEntry, _ content: FileDescriptor?, as name: String) throws {
        let label = label(entry.path)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = try System.check(openat(staging.descriptor, name, flags, 0o600), "write", label)
        defer { close(file) }
        if let content {
            guard try SparseCopy.copy(content.rawValue, to: file, label: label) == entry.size else {
                throw LayersError.fileChanged(entry.path, expectedSize: entry.size)
            }
        }
        for (attribute, value) in entry.xattrs where attribute.hasPrefix("user.") {
            // A file system without attributes is no reason to refuse the file.
            _ = fsetxattr(file, attribute, value, value.count, 0)
        }
        // A program that was to run as somebody else must not come to run as whoever exports it, who may be root.
        try System.check(fchmod(file, mode_t(entry.mode) & 0o1777), "chmod", label)
        var times = SnapshotWriter.times(entry.modificationTime)
        try System.check(futimens(file, &times), "set time of", label)
    }

    /// Moves everything into its place.
    ///
    /// - Throws: ``LayersError/directoryInTheWay(_:)`` before anything has changed;
    ///   ``LayersError/system(operation:path:errno:)`` when the system refuses half-way.
    public func commit(_ others: Others) throws {
        try checkConflicts()
        walker.forget()
        for staged in entries {
            try walker.withParent(of: staged.entry.path) { parent, name in
                if let temporary = staged.name {
                    try System.check(
                        renameat(staging.descriptor, temporary, parent, name), "write", label(staged.entry.path))
                } else if !staged.entry.path.isRoot {
                    try makeDirectory(parent, name, staged.entry.path)
                }
            }
        }
        if others == .removed { try removeOthers() }
        try finishDirectories()
    }

    /// A directory that the user has is never given up for a file.
    private func checkConflicts() throws {
        walker.forget()
        var absent: TreePath?
        for staged in entries where staged.name != nil {
            if let absent, staged.entry.path.isWithin(absent) { continue }
            do {
                try walker.withParent(of: staged.entry.path) { parent, name in
                    var status = stat()
                    guard fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
                    if status.st_mode & S_IFMT == S_IFDIR {
                        throw LayersError.directoryInTheWay(destination.string + "/" + staged.entry.path.description)
                    }
                }
            } catch LayersError.system(_, _, .noSuchFileOrDirectory) {
                absent = staged.entry.path.parent
            } catch LayersError.beneathNonDirectory {
                // What is in the way is no directory and will be replaced by one.
                absent = staged.entry.path.parent
            }
        }
    }

    private func makeDirectory(_ parent: Int32, _ name: [CChar], _ path: TreePath) throws {
        if mkdirat(parent, name, 0o755) == 0 { return }
        guard errno == EEXIST else { throw System.failure("make the directory", label(path)) }
        var status = stat()
        try System.check(fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW), "look at", label(path))
        if status.st_mode & S_IFMT == S_IFDIR { return }
        try System.check(unlinkat(parent, name, 0), "replace", label(path))
        try System.check(mkdirat(parent, name, 0o755), "make the directory", label(path))
    }

    private func removeOthers() throws {
        var names: [TreePath: Set<[UInt8]>] = [.root: []]
        for staged in entries {
            let path = staged.entry.path
            if staged.name == nil, names[path] == nil { names[path] = [] }
            if let parent = path.parent { names[parent, default: []].insert(Array(path.name)) }
        }
        walker.forget()
        for (directory, kept) in names {
            let descriptor = try walker.openForReading(directory)
            defer { close(descriptor) }
            for name in try Listing.names(of: descriptor, directory) where !kept.contains(name) {
                if directory.isRoot, staging.isOwn(name) { continue }
                try DirectoryRemover.remove(descriptor, System.name(name), directory.appending(name: name))
            }
        }
    }

    /// The innermost first: to put something into a directory changes its time, and may need its mode.
    private func finishDirectories() throws {
        walker.forget()
        for staged in entries.reversed() where staged.name == nil && !staged.entry.path.isRoot {
            let label = label(staged.entry.path)
            let directory = try walker.openForReading(staged.entry.path)
            defer { close(directory) }
            try System.check(fchmod(directory, mode_t(staged.entry.mode)), "chmod", label)
            var times = SnapshotWriter.times(staged.entry.modificationTime)
            try System.check(futimens(directory, &times), "set time of", label)
        }
        walker.forget()
    }

    private func label(_ path: TreePath) -> String { "\(destination)/\(path)" }
}

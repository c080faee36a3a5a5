// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import SystemPackage

/// Removes a file or a directory with everything in it, without following symbolic links.
///
/// Neither the stack nor the number of open descriptors grows with the depth of the tree: the way back up is `..`,
/// which must lead to where the way down came from.
public enum DirectoryRemover {
    /// A directory on the way down.
    private struct Level {
        /// The directory's name in the one above.
        var name: [CChar]
        var device: dev_t
        var inode: ino_t
        /// What is still in it.
        var rest: [[UInt8]]
    }

    /// Removes what is at a path on the host; missing is fine. Directories without permissions are given them first.
    ///
    /// Does not look at the task's cancellation: it cleans up after cancelled work, too.
    ///
    /// - Throws: ``LayersError/system(operation:path:errno:)``.
    public static func remove(_ path: FilePath) throws {
        guard let last = path.lastComponent else { return }
        let folder = path.removingLastComponent()
        let parent = open(folder.isEmpty ? "." : folder.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if parent < 0 && errno == ENOENT { return }
        try System.check(parent, "open", folder.string)
        defer { close(parent) }
        let name = last.withPlatformString { Array(UnsafeBufferPointer(start: $0, count: strlen($0) + 1)) }
        try remove(parent, name, label: path.string, isCancellable: false)
    }

    static func remove(_ parent: Int32, _ name: [CChar], _ path: TreePath) throws {
        try remove(parent, name, label: path.description, isCancellable: true)
    }

    static func remove(_ parent: Int32, _ name: [CChar], label: String, isCancellable: Bool) throws {
        if try removeAtOnce(parent, name, label) { return }
        var current = try enter(parent, name, label)
        defer { close(current) }
        var levels = [try level(name, current, label)]
        while let index = levels.indices.last {
            if isCancellable { try Task.checkCancellation() }
            if let child = levels[index].rest.popLast() {
                let child = System.name(child)
                if try removeAtOnce(current, child, label) { continue }
                let next = try enter(current, child, label)
                close(current)
                current = next
                levels.append(try level(child, next, label))
            } else {
                let done = levels.removeLast()
                guard let above = levels.last else { break }
                let next = try System.check(
                    openat(current, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "leave a directory in", label)
                close(current)
                current = next
                var status = stat()
                try System.check(fstat(current, &status), "look at a directory in", label)
                guard status.st_dev == above.device && status.st_ino == above.inode else {
                    // Somebody moved the directory while it was being emptied.
                    throw LayersError.system(operation: "remove", path: label, errno: .resourceBusy)
                }
                try removeEmpty(current, done.name, label)
            }
        }
        try removeEmpty(parent, name, label)
    }

    /// Removes anything but a directory that is not empty; false for such a directory.
    private static func removeAtOnce(_ parent: Int32, _ name: [CChar], _ label: String) throws -> Bool {
        if unlinkat(parent, name, 0) == 0 || errno == ENOENT { return true }
        let first = errno
        if unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT { return true }
        if errno == ENOTEMPTY || errno == EEXIST { return false }
        if errno == ENOTDIR { errno = first }
        throw System.failure("remove", label)
    }

    private static func removeEmpty(_ parent: Int32, _ name: [CChar], _ label: String) throws {
        if unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT { throw System.failure("remove", label) }
    }

    private static func enter(_ parent: Int32, _ name: [CChar], _ label: String) throws -> Int32 {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        var directory = openat(parent, name, flags)
        if directory < 0 && errno == EACCES {
            // overlayfs leaves its work directory without any permission, and a build step may do likewise.
            fchmodat(parent, name, 0o700, AT_SYMLINK_NOFOLLOW)
            directory = openat(parent, name, flags)
        }
        return try System.check(directory, "open a directory in", label)
    }

    private static func level(_ name: [CChar], _ directory: Int32, _ label: String) throws -> Level {
        var status = stat()
        try System.check(fstat(directory, &status), "look at a directory in", label)
        // To empty it takes all three; where this fails, so does the removal, which says why.
        if status.st_mode & 0o700 != 0o700 { fchmod(directory, 0o700) }
        return Level(
            name: name, device: status.st_dev, inode: status.st_ino,
            rest: try Listing.names(of: directory, TreePath(unchecked: Array(label.utf8))))
    }
}

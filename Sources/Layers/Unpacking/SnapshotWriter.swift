// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CArchive
import Glibc
import SystemPackage

/// Makes the files of a snapshot beneath one directory.
final class SnapshotWriter {
    private static let maximumSkipped = 100

    private let walker: DirectoryWalker
    private(set) var impliedDirectoryCount = 0
    private(set) var skipped: [UnpackedLayer.Skipped] = []

    init(_ directory: FilePath) throws {
        walker = try DirectoryWalker(directory)
    }

    /// Makes anything but a regular file. A directory's metadata is set by ``finishDirectories(of:below:)``.
    func add(_ entry: TreeEntry) throws {
        if entry.path.isRoot { return }
        try withParent(of: entry.path) { parent, name in
            switch entry.kind {
            case .directory: try makeDirectory(parent, name, entry.path, replacing: .anything)
            case .whiteout: try makeWhiteout(parent, name, entry.path)
            case .hardLink(let target): try makeHardLink(parent, name, entry.path, to: target)
            case .symlink(let target):
                try makeRoom(parent, name, entry.path)
                try System.check(symlinkat(System.name(target), parent, name), "symlink", entry.path.description)
                try setMetadata(of: entry, parent, name)
            case .fifo: try makeNode(entry, S_IFIFO, 0, parent, name)
            case .characterDevice(let major, let minor):
                try makeNode(entry, S_IFCHR, System.device(major: major, minor: minor), parent, name)
            case .blockDevice(let major, let minor):
                try makeNode(entry, S_IFBLK, System.device(major: major, minor: minor), parent, name)
            case .file: break
            }
        }
    }

    /// Makes a regular file, to be filled.
    func startFile(_ entry: TreeEntry) throws -> SnapshotFile {
        try withParent(of: entry.path) { parent, name in
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
            var descriptor = openat(parent, name, flags, 0o600)
            if descriptor < 0, errno == EEXIST {
                try makeRoom(parent, name, entry.path)
                descriptor = openat(parent, name, flags, 0o600)
            }
            try System.check(descriptor, "create", entry.path.description)
            return SnapshotFile(owning: descriptor, entry: entry) { [self] in skip($0, $1) }
        }
    }

    /// Sets owner, mode, attributes and time of every directory, those that the archive left out included.
    func finishDirectories(of index: LayerIndex, below: (any FileTree)?) throws {
        walker.forget()
        var ancestors: [(path: TreePath, isOpaque: Bool)] = [(.root, false)]
        if index.lookup(.root) == nil { try finishImplied(.root, below) }
        for position in index.indices {
            try Task.checkCancellation()
            let entry = index[position]
            while let last = ancestors.last, !entry.path.isWithin(last.path) { ancestors.removeLast() }
            // The directories between the last one known and this entry have no entry of their own.
            let known = ancestors.last?.path.components.count ?? 0
            let isHidden = ancestors.last?.isOpaque ?? false
            let components = entry.path.components
            if components.count > known + 1 {
                for component in components[known..<(components.count - 1)] {
                    let path = TreePath(unchecked: Array(entry.path.bytes[..<component.endIndex]))
                    ancestors.append((path, isHidden))
                    try finishImplied(path, below)
                }
            }
            if entry.isDirectory {
                ancestors.append((entry.path, isHidden || entry.kind == .directory(opaque: true)))
                try finish(entry)
            } else if entry.kind == .whiteout, isHidden {
                // Nothing is below to be hidden, and the kernel would list the whiteout as a name.
                try walker.withParent(of: entry.path) { parent, name in
                    try System.check(unlinkat(parent, name, 0), "remove", entry.path.description)
                }
            }
        }
        walker.forget()
    }

    private func finishImplied(_ path: TreePath, _ below: (any FileTree)?) throws {
        impliedDirectoryCount += path.isRoot ? 0 : 1
        var entry = TreeEntry.impliedDirectory(path)
        if let lower = below?.lookup(path), lower.isDirectory { entry = lower }
        entry.kind = .directory(opaque: false)
        entry.path = path
        try finish(entry)
    }

    private func finish(_ entry: TreeEntry) throws {
        let descriptor = try walker.openForReading(entry.path)
        defer { close(descriptor) }
        let path = entry.path.description
        try System.check(fchown(descriptor, entry.uid, entry.gid), "chown", path)
        try System.check(fchmod(descriptor, mode_t(entry.mode)), "chmod", path)
        for (name, value) in entry.xattrs {
            if fsetxattr(descriptor, name, value, value.count, 0) < 0 { skip(entry.path, name) }
        }
        if case .directory(opaque: true) = entry.kind {
            try System.check(
                fsetxattr(descriptor, "user.overlay.opaque", "y", 1, 0), "set user.overlay.opaque of", path)
        }
        var times = Self.times(entry.modificationTime)
        try System.check(futimens(descriptor, &times), "set time of", path)
    }

    private func withParent<Result>(of path: TreePath, _ body: (Int32, [CChar]) throws -> Result) throws -> Result {
        try walker.withParent(
            of: path, create: { [self] in try makeDirectory($0, $1, $2, replacing: .whiteouts) }, body)
    }

    /// What may be at the place of a new directory: a directory entry takes any entry's place (the last counts), but
    /// one that an archive only implies must not.
    private enum Replaceable { case anything, whiteouts }

    private func makeDirectory(
        _ parent: Int32, _ name: [CChar], _ path: TreePath, replacing replaceable: Replaceable
    ) throws {
        if mkdirat(parent, name, 0o755) == 0 { return }
        guard errno == EEXIST else { throw System.failure("mkdir", path) }
        var status = stat()
        try System.check(fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW), "stat", path.description)
        if status.st_mode & S_IFMT == S_IFDIR { return }
        if replaceable == .whiteouts, !Self.isWhiteout(status) { throw LayersError.beneathNonDirectory(path) }
        try System.check(unlinkat(parent, name, 0), "remove", path.description)
        try System.check(mkdirat(parent, name, 0o755), "mkdir", path.description)
    }

    /// A whiteout concerns the layers below only: what this layer has at its path stays.
    private func makeWhiteout(_ parent: Int32, _ name: [CChar], _ path: TreePath) throws {
        if mknodat(parent, name, S_IFCHR, 0) < 0, errno != EEXIST { throw System.failure("mknod (whiteout)", path) }
    }

    private func makeNode(_ entry: TreeEntry, _ type: mode_t, _ device: dev_t, _ parent: Int32, _ name: [CChar]) throws
    {
        try makeRoom(parent, name, entry.path)
        if mknodat(parent, name, type | 0o600, device) < 0 {
            guard errno == EPERM, type != S_IFIFO else { throw System.failure("mknod", entry.path) }
            skip(entry.path, "device node")
            return
        }
        try setMetadata(of: entry, parent, name)
        try System.check(fchmodat(parent, name, mode_t(entry.mode), 0), "chmod", entry.path.description)
    }

    private func makeHardLink(_ parent: Int32, _ name: [CChar], _ path: TreePath, to target: TreePath) throws {
        if path == target { return }
        // A second descriptor, because reaching the target closes the walker's way to the parent.
        let directory = openat(parent, ".", System.openPath | O_DIRECTORY | O_CLOEXEC)
        try System.check(directory, "open the directory of", path.description)
        defer { close(directory) }
        let missing = LayersError.hardLinkTargetMissing(link: path, target: target)
        do {
            try walker.withParent(of: target) { targetParent, targetName in
                var status = stat()
                guard fstatat(targetParent, targetName, &status, AT_SYMLINK_NOFOLLOW) == 0,
                    status.st_mode & S_IFMT != S_IFDIR, !Self.isWhiteout(status)
                else { throw missing }
                if try isSame(status, directory, name) { return }
                if linkat(targetParent, targetName, directory, name, 0) == 0 { return }
                guard errno == EEXIST else { throw System.failure("link", path) }
                try removeExisting(directory, name, path)
                // Removing a directory may have removed the target in it.
                try System.check(linkat(targetParent, targetName, directory, name, 0), "link", path.description)
            }
        } catch LayersError.system(_, _, .noSuchFileOrDirectory), LayersError.beneathNonDirectory {
            // A device that could not be made has no other names either.
            if skipped.contains(where: { $0.path == target }) { return skip(path, "device node") }
            throw missing
        } catch LayersError.hardLinkTargetMissing where skipped.contains(where: { $0.path == target }) {
            skip(path, "device node")
        }
    }

    private func isSame(_ status: stat, _ directory: Int32, _ name: [CChar]) throws -> Bool {
        var other = stat()
        return fstatat(directory, name, &other, AT_SYMLINK_NOFOLLOW) == 0 && other.st_ino == status.st_ino
            && other.st_dev == status.st_dev
    }

    private static func isWhiteout(_ status: stat) -> Bool {
        status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == 0
    }

    /// Removes what an earlier entry of the archive left at this place.
    private func makeRoom(_ parent: Int32, _ name: [CChar], _ path: TreePath) throws {
        var status = stat()
        if fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { try removeExisting(parent, name, path) }
    }

    private func removeExisting(_ parent: Int32, _ name: [CChar], _ path: TreePath) throws {
        if unlinkat(parent, name, 0) == 0 { return }
        guard errno == EISDIR || errno == EPERM else { throw System.failure("remove", path) }
        try DirectoryRemover.remove(parent, name, path)
    }

    /// Owner, attributes and time of something that is not opened: a link or a node.
    private func setMetadata(of entry: TreeEntry, _ parent: Int32, _ name: [CChar]) throws {
        let path = entry.path.description
        try System.check(fchownat(parent, name, entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW), "chown", path)
        for (attribute, value) in entry.xattrs {
            var place = System.name("/proc/self/fd/\(parent)/".utf8)
            place.removeLast()
            place.append(contentsOf: name)
            if lsetxattr(place, attribute, value, value.count, 0) < 0 { skip(entry.path, attribute) }
        }
        var times = Self.times(entry.modificationTime)
        try System.check(utimensat(parent, name, &times, AT_SYMLINK_NOFOLLOW), "set time of", path)
    }

    private func skip(_ path: TreePath, _ what: String) {
        if skipped.count < Self.maximumSkipped { skipped.append(UnpackedLayer.Skipped(path: path, what: what)) }
    }

    /// Access and modification time for utimensat(2).
    static func times(_ time: FileTime) -> [timespec] {
        let time = timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds))
        return [time, time]
    }
}

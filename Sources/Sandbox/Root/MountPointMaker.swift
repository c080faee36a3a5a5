// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CSandbox
import Glibc
import SystemPackage

/// Makes mount points that the lowest layer cannot give: those that the image hides behind whiteouts, opaque
/// directories or dangling links, and those of a root file system that is no overlay.
struct MountPointMaker {
    private(set) var made: [Made] = []

    /// Something made in a directory that is not ours, to be taken away again.
    struct Made {
        var parent: FileDescriptor
        var name: String
        var isDirectory: Bool
        var changed: timespec
        var parentTimes: [timespec]
    }

    // MARK: In a layer on top of the image's

    /// Fills `layer`, which is to be the topmost, with the mount points that `root` lacks. Directories of the image on
    /// the way are repeated with the same owner, mode, times and attributes, so that they look the same merged.
    static func fill(
        _ layer: FilePath, under mounts: [(path: String, isDirectory: Bool)], of root: RootView
    )
        throws(SandboxError)
    {
        try RunDirectories.makeDirectory(layer)
        try repeatAttributes(of: ".", in: root, on: layer)
        for mount in mounts {
            let point = try MountPoint(mount.path, in: root.root)
            guard point.existing < point.components.count else { continue }
            var path = layer
            var seen: [String] = []
            for (index, component) in point.components.enumerated() {
                path.append(component)
                seen.append(component)
                let isLast = index == point.components.count - 1
                if isLast && !mount.isDirectory {
                    try RunDirectories.makeFile(path)
                } else {
                    try RunDirectories.makeDirectory(path)
                    if index < point.existing {
                        try repeatAttributes(of: seen.joined(separator: "/"), in: root, on: path)
                    }
                }
            }
        }
    }

    private static func repeatAttributes(of source: String, in root: RootView, on path: FilePath) throws(SandboxError) {
        let descriptor = mf_open_in_root(root.root.rawValue, source, O_RDONLY | O_DIRECTORY, 0)
        guard descriptor >= 0 else { throw .preparation("opening /\(source)", Errno(rawValue: errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .preparation("looking at /\(source)", Errno(rawValue: errno))
        }
        let target = open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard target >= 0 else { throw .preparation("opening \(path)", Errno(rawValue: errno)) }
        defer { close(target) }
        let times = [status.st_atim, status.st_mtim]
        guard fchown(target, status.st_uid, status.st_gid) == 0, fchmod(target, status.st_mode & 0o7777) == 0 else {
            throw .preparation("repeating the attributes of /\(source)", Errno(rawValue: errno))
        }
        mf_copy_attributes(descriptor, target)
        _ = futimens(target, times)
    }

    // MARK: In a directory that is the root itself

    /// Makes what `directory` lacks.
    mutating func make(_ mounts: [(path: String, isDirectory: Bool)], in directory: FilePath) throws(SandboxError) {
        let root: FileDescriptor
        do {
            root = try FileDescriptor.open(directory, .readOnly, options: [.directory, .closeOnExec])
        } catch {
            throw .preparation("opening \(directory)", (error as? Errno) ?? .ioError)
        }
        defer { try? root.close() }
        for mount in mounts {
            let point = try MountPoint(mount.path, in: root)
            for index in point.existing..<point.components.count {
                let parent = point.components[..<index].joined(separator: "/")
                let isLast = index == point.components.count - 1
                try make(
                    point.components[index], below: parent, in: root, isDirectory: mount.isDirectory || !isLast)
            }
        }
    }

    private mutating func make(
        _ name: String, below parent: String, in root: FileDescriptor, isDirectory: Bool
    )
        throws(SandboxError)
    {
        let descriptor = mf_open_in_root(root.rawValue, parent, O_RDONLY | O_DIRECTORY, 0)
        guard descriptor >= 0 else { throw .preparation("opening /\(parent)", Errno(rawValue: errno)) }
        let directory = FileDescriptor(rawValue: descriptor)
        var before = stat()
        var after = stat()
        let result = fstat(descriptor, &before) == 0 ? Self.create(name, in: descriptor, isDirectory: isDirectory) : -1
        guard result == 0, fstatat(descriptor, name, &after, AT_SYMLINK_NOFOLLOW) == 0 else {
            let error = Errno(rawValue: errno)
            try? directory.close()
            throw .preparation("making /\(parent)/\(name)", error)
        }
        made.append(
            Made(
                parent: directory, name: name, isDirectory: isDirectory, changed: after.st_ctim,
                parentTimes: [before.st_atim, before.st_mtim]))
    }

    private static func create(_ name: String, in directory: Int32, isDirectory: Bool) -> Int32 {
        if isDirectory { return mkdirat(directory, name, 0o755) }
        let file = openat(directory, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o644)
        if file >= 0 { close(file) }
        return file >= 0 ? 0 : -1
    }

    /// Takes away again what was made and what nobody has touched since.
    mutating func takeAway() {
        for item in made.reversed() {
            var status = stat()
            let descriptor = item.parent.rawValue
            let isThere = fstatat(descriptor, item.name, &status, AT_SYMLINK_NOFOLLOW) == 0
            let isTouched =
                status.st_ctim.tv_sec != item.changed.tv_sec || status.st_ctim.tv_nsec != item.changed.tv_nsec
            // A directory counts as untouched when it is empty: making and removing what is below changes its times.
            if isThere && (item.isDirectory || !isTouched) {
                if unlinkat(descriptor, item.name, item.isDirectory ? AT_REMOVEDIR : 0) == 0 {
                    _ = futimens(descriptor, item.parentTimes)
                }
            }
            try? item.parent.close()
        }
        made = []
    }
}

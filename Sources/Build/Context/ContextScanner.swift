// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Glibc
import Layers
import Store
import SystemPackage

/// Walks a context's directory by descriptors.
struct ContextScanner {
    let root: FilePath
    let ignore: IgnorePatterns?
    private(set) var files: [TreePath: BuildContext.ScannedFile] = [:]

    init(root: FilePath, ignore: IgnorePatterns?) {
        self.root = root
        self.ignore = ignore
    }

    mutating func scan() throws {
        let descriptor = open(root.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(root, errno) }
        try scan(.root, descriptor: descriptor)
    }

    /// Takes over the descriptor.
    private mutating func scan(_ directory: TreePath, descriptor: Int32) throws {
        try Task.checkCancellation()
        guard let stream = fdopendir(descriptor) else {
            let code = errno
            close(descriptor)
            throw failure(hostPath(directory), code)
        }
        defer { closedir(stream) }
        while let item = readdir(stream) {
            let name = withUnsafeBytes(of: &item.pointee.d_name) { bytes in Array(bytes.prefix { $0 != 0 }) }
            if name == [UInt8(ascii: ".")] || name == Array("..".utf8) { continue }
            try visit(name, in: directory, descriptor: dirfd(stream))
        }
    }

    private mutating func visit(_ name: [UInt8], in directory: TreePath, descriptor: Int32) throws {
        let path = try directory.appending(TreePath(bytes: name))
        let cName = name.map { CChar(bitPattern: $0) } + [0]
        var status = stat()
        guard fstatat(descriptor, cName, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return }
            throw failure(hostPath(path), errno)
        }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        if let ignore {
            let text = String(decoding: path.bytes, as: UTF8.self)
            if isDirectory && ignore.canSkip(directory: text) { return }
            if ignore.matches(text) {
                // Something below may be let in again; the directory then comes in with it.
                if isDirectory { try descend(path, cName, from: descriptor) }
                return
            }
        }
        if isDirectory {
            add(path, status: status, kind: .directory(opaque: false))
            try descend(path, cName, from: descriptor)
        } else if let kind = try kind(of: status, path: path, name: cName, in: descriptor) {
            add(path, status: status, kind: kind)
        }
    }

    private mutating func descend(_ path: TreePath, _ name: [CChar], from descriptor: Int32) throws {
        let child = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard child >= 0 else {
            if errno == ENOENT { return }
            throw failure(hostPath(path), errno)
        }
        try scan(path, descriptor: child)
    }

    /// Sockets stay out: an image cannot hold them.
    private func kind(
        of status: stat, path: TreePath, name: [CChar], in descriptor: Int32
    ) throws -> TreeEntry.Kind? {
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFIFO: return .fifo
        case S_IFLNK:
            var buffer = [CChar](repeating: 0, count: 4097)
            let count = readlinkat(descriptor, name, &buffer, buffer.count - 1)
            guard count >= 0 else { throw failure(hostPath(path), errno) }
            return .symlink(target: buffer[..<count].map { UInt8(bitPattern: $0) })
        default: return nil
        }
    }

    private mutating func add(_ path: TreePath, status: stat, kind: TreeEntry.Kind) {
        addParents(of: path)
        let time = status.st_mtim
        let entry = TreeEntry(
            path: path, kind: kind, mode: UInt16(truncatingIfNeeded: status.st_mode & 0o7777),
            size: kind == .file ? Int64(status.st_size) : 0,
            modificationTime: FileTime(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec)))
        let identity = FileIdentity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modified: Self.nanoseconds(status.st_mtim), changed: Self.nanoseconds(status.st_ctim))
        files[path] = BuildContext.ScannedFile(entry: entry, identity: identity)
    }

    /// Parents that were left out themselves but hold something that was let in.
    private mutating func addParents(of path: TreePath) {
        guard let parent = path.parent, !parent.isRoot, files[parent] == nil else { return }
        var status = stat()
        if lstat(hostPath(parent).string, &status) == 0 {
            add(parent, status: status, kind: .directory(opaque: false))
        }
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    private func hostPath(_ path: TreePath) -> FilePath {
        FilePath(root.string + "/" + String(decoding: path.bytes, as: UTF8.self))
    }

    private func failure(_ path: FilePath, _ code: Int32) -> BuildError {
        .unreadableContext(path, reason: Errno(rawValue: code).description)
    }
}

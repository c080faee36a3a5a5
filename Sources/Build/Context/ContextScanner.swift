// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Glibc
import Layers
import Store
import SystemPackage

/// Walks a context's directory by descriptors, of which few are open at a time however deep it is.
struct ContextScanner {
    let root: FilePath
    let ignore: IgnorePatterns?
    /// What was found, in no order.
    private var entries: [TreeEntry] = []
    /// The states of the regular files.
    private(set) var identities: [TreePath: FileIdentity] = [:]
    private var directories: Set<TreePath> = []
    /// Directories that are still to be listed.
    private var pending: [TreePath] = []

    init(root: FilePath, ignore: IgnorePatterns?) {
        self.root = root
        self.ignore = ignore
    }

    mutating func scan() throws {
        // The context itself may be given by a link; nothing below it is reached through one.
        let walker: RootDirectory
        do { walker = try RootDirectory(root.appending(".")) } catch LayersError.system(_, _, let errno) {
            throw failure(root, errno.rawValue)
        }
        pending = [.root]
        while let directory = pending.popLast() {
            try Task.checkCancellation()
            do {
                try scan(directory, descriptor: walker.open(directory).rawValue)
            } catch LayersError.system(_, _, let errno) {
                // Removed since it was seen.
                if errno == .noSuchFileOrDirectory && !directory.isRoot { continue }
                throw failure(hostPath(directory), errno.rawValue)
            } catch LayersError.beneathNonDirectory {
                throw failure(hostPath(directory), ENOTDIR)
            }
        }
    }

    /// Hands out what was found, sorted; it is not kept.
    mutating func takeEntries() -> [TreeEntry] {
        var taken: [TreeEntry] = []
        swap(&taken, &entries)
        taken.sort { $0.path < $1.path }
        return taken
    }

    /// Takes over the descriptor.
    private mutating func scan(_ directory: TreePath, descriptor: Int32) throws {
        guard let stream = fdopendir(descriptor) else {
            let code = errno
            close(descriptor)
            throw failure(hostPath(directory), code)
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let item = readdir(stream) else {
                if errno != 0 { throw failure(hostPath(directory), errno) }
                return
            }
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
                if isDirectory { pending.append(path) }
                return
            }
        }
        if isDirectory {
            add(path, status: status, kind: .directory(opaque: false))
            pending.append(path)
        } else if let kind = try kind(of: status, path: path, name: cName, in: descriptor) {
            add(path, status: status, kind: kind)
        }
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
        append(path, status: status, kind: kind)
    }

    private mutating func append(_ path: TreePath, status: stat, kind: TreeEntry.Kind) {
        let time = status.st_mtim
        entries.append(
            TreeEntry(
                path: path, kind: kind, mode: UInt16(truncatingIfNeeded: status.st_mode & 0o7777),
                size: kind == .file ? Int64(status.st_size) : 0,
                modificationTime: FileTime(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))))
        if case .directory = kind { directories.insert(path) }
        guard kind == .file else { return }
        identities[path] = FileIdentity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modified: Self.nanoseconds(status.st_mtim), changed: Self.nanoseconds(status.st_ctim))
    }

    /// Parents that were left out themselves but hold something that was let in.
    private mutating func addParents(of path: TreePath) {
        var next = path.parent
        while let parent = next, !parent.isRoot, !directories.contains(parent) {
            var status = stat()
            if lstat(hostPath(parent).string, &status) == 0 {
                append(parent, status: status, kind: .directory(opaque: false))
            }
            next = parent.parent
        }
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    private func hostPath(_ path: TreePath) -> FilePath {
        path.isRoot ? root : FilePath(root.string + "/" + String(decoding: path.bytes, as: UTF8.self))
    }

    private func failure(_ path: FilePath, _ code: Int32) -> BuildError {
        .unreadableContext(path, reason: Errno(rawValue: code).description)
    }
}

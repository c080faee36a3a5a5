// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Glibc
import Layers
import Store
import SystemPackage

/// Walks a context's directory by descriptors, of which few are open at a time however deep it is.
///
/// The way back up is `..`, which must lead to where the way down came from: a walk from the top for each directory would
/// take time with the square of the depth.
struct ContextScanner {
    let directory: ContextDirectory
    let ignore: IgnorePatterns?
    let own: OwnFiles
    /// What was found, in no order.
    private var entries: [TreeEntry] = []
    /// The states of the regular files.
    private(set) var identities: [TreePath: FileIdentity] = [:]
    /// What was not taken because the build itself writes it.
    private(set) var leftOut: [String] = []
    private var directories: Set<TreePath> = []
    /// The files that have more than one name.
    private var linked: Set<TreePath> = []
    /// Directories of the one that is being listed that are still to be visited.
    private var pending: [[UInt8]] = []

    /// A directory on the way down.
    private struct Level {
        var path: TreePath
        var device: dev_t
        var inode: ino_t
        /// The directories in it that are still to be visited.
        var rest: [[UInt8]]
    }

    init(_ directory: ContextDirectory, ignore: IgnorePatterns?, own: OwnFiles) {
        self.directory = directory
        self.ignore = ignore
        self.own = own
    }

    mutating func scan() throws {
        // The context itself may be given by a link; nothing below it is reached through one.
        var current = open(directory.path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard current >= 0 else { throw failure(.root, errno) }
        defer { close(current) }
        var levels = [try level(.root, descriptor: current)]
        while let top = levels.indices.last {
            try Task.checkCancellation()
            if let name = levels[top].rest.popLast() {
                let path = try levels[top].path.appending(TreePath(bytes: name))
                let next = openat(current, Self.cName(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                if next < 0 {
                    // Removed since it was seen.
                    if errno == ENOENT { continue }
                    throw failure(path, errno)
                }
                close(current)
                current = next
                levels.append(try level(path, descriptor: current))
            } else {
                levels.removeLast()
                guard let above = levels.last else { return }
                let next = openat(current, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                guard next >= 0 else { throw failure(above.path, errno) }
                close(current)
                current = next
                var status = stat()
                guard fstat(current, &status) == 0, status.st_dev == above.device, status.st_ino == above.inode else {
                    throw BuildError.unreadableContext(
                        directory.name(of: hostPath(above.path)), reason: "it was moved while it was listed")
                }
            }
        }
    }

    /// Hands out what was found, sorted; it is not kept.
    mutating func takeEntries() -> [TreeEntry] {
        var taken: [TreeEntry] = []
        swap(&taken, &entries)
        taken.sort { $0.path < $1.path }
        if !linked.isEmpty { joinLinks(&taken) }
        return taken
    }

    /// The first name of a file is the file, the others are links to it; names outside the context are none.
    private func joinLinks(_ entries: inout [TreeEntry]) {
        var first: [Inode: TreePath] = [:]
        for index in entries.indices where entries[index].kind == .file && linked.contains(entries[index].path) {
            let path = entries[index].path
            guard let identity = identities[path] else { continue }
            let inode = Inode(device: identity.device, number: identity.inode)
            if let first = first[inode] { entries[index].kind = .hardLink(target: first) } else { first[inode] = path }
        }
    }

    private struct Inode: Hashable {
        var device: UInt64
        var number: UInt64
    }

    /// Lists a directory.
    private mutating func level(_ path: TreePath, descriptor: Int32) throws -> Level {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(path, errno) }
        let listing = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard listing >= 0 else { throw failure(path, errno) }
        guard let stream = fdopendir(listing) else {
            let code = errno
            close(listing)
            throw failure(path, code)
        }
        defer { closedir(stream) }
        pending = []
        while true {
            errno = 0
            guard let item = readdir(stream) else {
                if errno != 0 { throw failure(path, errno) }
                return Level(path: path, device: status.st_dev, inode: status.st_ino, rest: pending)
            }
            let name = withUnsafeBytes(of: &item.pointee.d_name) { bytes in Array(bytes.prefix { $0 != 0 }) }
            if name == [UInt8(ascii: ".")] || name == Array("..".utf8) { continue }
            try visit(name, in: path, descriptor: descriptor)
        }
    }

    private mutating func visit(_ name: [UInt8], in directory: TreePath, descriptor: Int32) throws {
        let path = try directory.appending(TreePath(bytes: name))
        let cName = Self.cName(name)
        var status = stat()
        guard fstatat(descriptor, cName, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return }
            throw failure(path, errno)
        }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        if let ignore {
            let text = String(decoding: path.bytes, as: UTF8.self)
            if isDirectory && ignore.canSkip(directory: text) { return }
            if ignore.matches(text) {
                // Something below may be let in again; the directory then comes in with it.
                if isDirectory { pending.append(name) }
                return
            }
        }
        if own.contains(status) {
            leftOut.append(path.description)
            return
        }
        if isDirectory {
            add(path, status: status, kind: .directory(opaque: false))
            pending.append(name)
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
            guard count >= 0 else { throw failure(path, errno) }
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
        if status.st_nlink > 1 { linked.insert(path) }
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

    private static func cName(_ name: [UInt8]) -> [CChar] { name.map { CChar(bitPattern: $0) } + [0] }

    private func hostPath(_ path: TreePath) -> FilePath {
        path.isRoot
            ? directory.path : FilePath(directory.path.string + "/" + String(decoding: path.bytes, as: UTF8.self))
    }

    private func failure(_ path: TreePath, _ code: Int32) -> BuildError {
        .unreadableContext(directory.name(of: hostPath(path)), reason: Errno(rawValue: code).description)
    }
}

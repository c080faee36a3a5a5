// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
import SystemPackage

/// One run of an ``OverlayDiff``.
final class OverlayWalk {
    /// A directory of the upper tree that is being gone through.
    private struct Frame {
        let entry: TreeEntry
        /// The same directory in the layers below; nil when there is none.
        let node: LayerStack.Node?
        /// Whether the layers below are hidden in here, by this directory's mark or that of one above it.
        let isOpaque: Bool
        /// Names still to be looked at, the last first.
        var names: [[UInt8]]
        let upperNames: Set<[UInt8]>?
        var isWritten: Bool
    }

    /// What makes a file the same file.
    private struct Identity: Hashable {
        let device: dev_t
        let inode: ino_t
    }

    private let diff: OverlayDiff
    private let writer: LayerWriter
    private let walker: DirectoryWalker
    private var frames: [Frame] = []
    private var linked: [Identity: TreePath] = [:]
    private(set) var entryCount = 0

    init(_ diff: OverlayDiff, _ writer: LayerWriter) throws {
        self.diff = diff
        self.writer = writer
        walker = try DirectoryWalker(diff.upper)
    }

    func run() throws {
        let root = TreeEntry.impliedDirectory(.root)
        try push(root, node: diff.below.rootNode, isOpaque: false, isWritten: true)
        while let frame = frames.last {
            try Task.checkCancellation()
            guard let name = frames[frames.count - 1].names.popLast() else {
                try leave(frame)
                continue
            }
            let path = try frame.entry.path.appending(TreePath(bytes: name))
            if let upperNames = frame.upperNames, !upperNames.contains(name) {
                try write(TreeEntry(path: path, kind: .whiteout))
            } else {
                try visit(path, in: frame)
            }
        }
    }

    private func visit(_ path: TreePath, in frame: Frame) throws {
        var status = stat()
        try walker.withParent(of: path) { parent, name in
            try System.check(fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW), "stat", path.description)
        }
        let node = frame.node.flatMap { diff.below.child(of: $0, named: path.name) }
        var entry = TreeEntry(
            path: path, kind: .file, mode: UInt16(status.st_mode & 0o7777), uid: status.st_uid, gid: status.st_gid,
            modificationTime: FileTime(
                seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(status.st_mtim.tv_nsec)))
        let (major, minor) = System.majorMinor(status.st_rdev)
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return try enter(entry, node: node, in: frame)
        case S_IFREG:
            entry.size = Int64(status.st_size)
            return try write(file: entry, status)
        case S_IFLNK: entry.kind = .symlink(target: try target(of: path, length: Int(status.st_size)))
        case S_IFCHR where status.st_rdev == 0:
            if node != nil { try write(TreeEntry(path: path, kind: .whiteout)) }
            return
        case S_IFCHR: entry.kind = .characterDevice(major: major, minor: minor)
        case S_IFBLK: entry.kind = .blockDevice(major: major, minor: minor)
        case S_IFIFO: entry.kind = .fifo
        default:
            // A socket has no place in a layer, but what it replaced is gone.
            if node != nil { try write(TreeEntry(path: path, kind: .whiteout)) }
            return
        }
        try write(entry, hardLinkKey: status.st_nlink > 1 ? status : nil)
    }

    private func enter(_ directory: TreeEntry, node: LayerStack.Node?, in frame: Frame) throws {
        var entry = directory
        let descriptor = try walker.openForReading(entry.path)
        defer { close(descriptor) }
        let attributes = try FileAttributes(descriptor, entry.path)
        entry.kind = .directory(opaque: false)
        entry.xattrs = attributes.image
        let lower = node.flatMap { $0.isDirectory ? $0 : nil }
        try push(
            entry, node: lower, isOpaque: frame.isOpaque || attributes.isOpaque, isWritten: false,
            listing: descriptor)
        guard let before = lower?.stacked.entry, !attributes.isOpaque else { return try writeFrames() }
        let isSame =
            before.mode == entry.mode && before.uid == entry.uid && before.gid == entry.gid
            && before.xattrs.filter { FileAttributes.isOfImage($0.key) } == entry.xattrs
        if !isSame { try writeFrames() }
    }

    private func push(
        _ entry: TreeEntry, node: LayerStack.Node?, isOpaque: Bool, isWritten: Bool, listing: Int32? = nil
    ) throws {
        let descriptor = try listing ?? walker.openForReading(entry.path)
        defer { if listing == nil { close(descriptor) } }
        var names = try Listing.names(of: descriptor, entry.path)
        var upperNames: Set<[UInt8]>?
        if isOpaque, node != nil {
            let present = Set(names)
            let hidden = diff.below.list(entry.path).map { Array($0.entry.path.name) }
            names.append(contentsOf: hidden.filter { !present.contains($0) })
            names.sort { $0.lexicographicallyPrecedes($1) }
            upperNames = present
        }
        frames.append(
            Frame(
                entry: entry, node: node, isOpaque: isOpaque, names: names.reversed(), upperNames: upperNames,
                isWritten: isWritten))
    }

    /// A directory that is not in the layer looks on disk as it does below.
    private func leave(_ frame: Frame) throws {
        frames.removeLast()
        guard !frame.isWritten, diff.epoch != nil, let before = frame.node?.stacked, before.layer != nil else { return }
        try setTime(before.entry.modificationTime, of: frame.entry.path)
    }

    private func write(file: TreeEntry, _ status: stat) throws {
        if try writeLink(file, status) { return }
        var entry = file
        let descriptor = try walker.openForReading(entry.path)
        defer { close(descriptor) }
        entry.xattrs = try FileAttributes(descriptor, entry.path).image
        try write(entry, content: .file(FileDescriptor(rawValue: descriptor)))
    }

    private func write(_ entry: TreeEntry, hardLinkKey status: stat?) throws {
        if let status, try writeLink(entry, status) { return }
        try write(entry)
    }

    /// Writes the entry as a hard link when its file is in the layer under another name already.
    private func writeLink(_ entry: TreeEntry, _ status: stat) throws -> Bool {
        guard status.st_nlink > 1 else { return false }
        let identity = Identity(device: status.st_dev, inode: status.st_ino)
        guard let target = linked[identity] else {
            linked[identity] = entry.path
            return false
        }
        var entry = entry
        entry.kind = .hardLink(target: target)
        try write(entry)
        return true
    }

    private func write(_ entry: TreeEntry, content: LayerWriter.Content = .none) throws {
        try writeFrames()
        try writer.append(clamped(entry), content: content)
        entryCount += 1
    }

    /// Writes the directories that lead to the present place and are not in the layer yet.
    private func writeFrames() throws {
        guard let last = frames.last, !last.isWritten else { return }
        for place in frames.indices where !frames[place].isWritten {
            frames[place].isWritten = true
            try writer.append(clamped(frames[place].entry))
            entryCount += 1
        }
    }

    private func clamped(_ entry: TreeEntry) throws -> TreeEntry {
        guard let epoch = diff.epoch, entry.kind != .whiteout else { return entry }
        var entry = entry
        let time = entry.modificationTime.clamped(to: epoch)
        if time != entry.modificationTime { try setTime(time, of: entry.path) }
        entry.modificationTime = time
        return entry
    }

    private func setTime(_ time: FileTime, of path: TreePath) throws {
        var times = SnapshotWriter.times(time)
        try walker.withParent(of: path) { parent, name in
            try System.check(
                utimensat(parent, name, &times, AT_SYMLINK_NOFOLLOW), "set time of", path.description)
        }
    }

    private func target(of path: TreePath, length: Int) throws -> [UInt8] {
        try walker.withParent(of: path) { parent, name in
            var buffer = [CChar](repeating: 0, count: max(length, TreePath.maximumLength) + 1)
            let count = readlinkat(parent, name, &buffer, buffer.count)
            if count < 0 { throw System.failure("readlink", path) }
            return buffer[..<count].map { UInt8(bitPattern: $0) }
        }
    }
}

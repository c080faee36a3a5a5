// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// How one entry lies in a ``LayerIndex``'s bytes: a head of fixed width (little endian), then digest, path, link
/// target and attributes.
struct IndexRecord {
    static let headLength = 56

    /// What an entry is, as stored; never renumbered.
    enum Kind: UInt8 {
        case file = 0, directory, symlink, hardLink, characterDevice, blockDevice, fifo, whiteout
        /// Only while an index is being made: the directory is opaque, whatever else is said about it.
        case opaqueMark = 200
    }

    let bytes: UnsafeRawBufferPointer
    let start: Int

    private func load<T: FixedWidthInteger>(_ offset: Int, as type: T.Type = T.self) -> T {
        T(littleEndian: bytes.loadUnaligned(fromByteOffset: start + offset, as: T.self))
    }

    var length: Int { Int(load(0, as: UInt32.self)) }
    var kind: Kind { Kind(rawValue: load(4)) ?? .file }
    var isOpaque: Bool { load(5, as: UInt8.self) & 2 != 0 }
    private var hasDigest: Bool { load(5, as: UInt8.self) & 1 != 0 }
    private var pathStart: Int { start + Self.headLength + (hasDigest ? 32 : 0) }
    private var pathLength: Int { Int(load(36, as: UInt32.self)) }
    private var targetLength: Int { Int(load(40, as: UInt32.self)) }

    /// The path's bytes, without copying.
    var path: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[pathStart..<(pathStart + pathLength)])
    }

    /// The link target's bytes, without copying.
    var target: UnsafeRawBufferPointer {
        let first = pathStart + pathLength
        return UnsafeRawBufferPointer(rebasing: bytes[first..<(first + targetLength)])
    }

    /// The length of a sound record at `start`, or nil when its parts do not fit.
    static func soundLength(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Int? {
        guard start + headLength <= bytes.count else { return nil }
        let record = IndexRecord(bytes: bytes, start: start)
        let length = record.length
        let parts =
            headLength + (record.hasDigest ? 32 : 0) + record.pathLength + record.targetLength
            + Int(record.load(52, as: UInt32.self))
        guard length == parts, length <= bytes.count - start, Kind(rawValue: record.load(4)) != nil else { return nil }
        return length
    }

    /// The entry, under its own path or another.
    func entry(path other: TreePath? = nil) -> TreeEntry {
        let path = other ?? TreePath(unchecked: Array(path))
        let kind: TreeEntry.Kind =
            switch kind {
            case .file: .file
            case .directory, .opaqueMark: .directory(opaque: isOpaque)
            case .symlink: .symlink(target: Array(target))
            case .hardLink: .hardLink(target: TreePath(unchecked: Array(target)))
            case .characterDevice: .characterDevice(major: load(44), minor: load(48))
            case .blockDevice: .blockDevice(major: load(44), minor: load(48))
            case .fifo: .fifo
            case .whiteout: .whiteout
            }
        var digest: Digest?
        if hasDigest {
            let first = start + Self.headLength
            digest = try? Digest(algorithm: .sha256, bytes: bytes[first..<(first + 32)])
        }
        return TreeEntry(
            path: path, kind: kind, mode: load(6), uid: load(8), gid: load(12), size: load(16),
            modificationTime: FileTime(seconds: load(24), nanoseconds: load(32)), xattrs: xattrs, digest: digest)
    }

    private var xattrs: [String: [UInt8]] {
        let length = Int(load(52, as: UInt32.self))
        if length == 0 { return [:] }
        var rest = bytes[(start + self.length - length)..<(start + self.length)]
        var xattrs: [String: [UInt8]] = [:]
        while rest.count >= 8 {
            let nameLength = Int(bytes.loadUnaligned(fromByteOffset: rest.startIndex, as: UInt32.self).littleEndian)
            let valueLength = Int(
                bytes.loadUnaligned(fromByteOffset: rest.startIndex + 4, as: UInt32.self).littleEndian)
            rest = rest.dropFirst(8)
            guard nameLength + valueLength <= rest.count else { break }
            xattrs[String(decoding: rest.prefix(nameLength), as: UTF8.self)] = Array(
                rest.dropFirst(nameLength).prefix(valueLength))
            rest = rest.dropFirst(nameLength + valueLength)
        }
        return xattrs
    }

    /// Adds an entry's record to `buffer`.
    static func append(_ entry: TreeEntry, opaqueMark: Bool = false, to buffer: inout [UInt8]) {
        var (kind, flags, target, major, minor) = (Kind.file, UInt8(0), [UInt8](), UInt32(0), UInt32(0))
        switch entry.kind {
        case .file: kind = .file
        case .directory(let opaque):
            kind = .directory
            if opaque { flags |= 2 }
        case .symlink(let text): (kind, target) = (.symlink, text)
        case .hardLink(let path): (kind, target) = (.hardLink, path.bytes)
        case .characterDevice(let first, let second): (kind, major, minor) = (.characterDevice, first, second)
        case .blockDevice(let first, let second): (kind, major, minor) = (.blockDevice, first, second)
        case .fifo: kind = .fifo
        case .whiteout: kind = .whiteout
        }
        if opaqueMark { kind = .opaqueMark }
        let digest = entry.digest.flatMap { $0.algorithm == .sha256 ? rawBytes($0) : nil } ?? []
        if !digest.isEmpty { flags |= 1 }
        var attributes: [UInt8] = []
        for (name, value) in entry.xattrs.sorted(by: { $0.key < $1.key }) {
            append(UInt32(name.utf8.count), to: &attributes)
            append(UInt32(value.count), to: &attributes)
            attributes.append(contentsOf: name.utf8)
            attributes.append(contentsOf: value)
        }
        let length = headLength + digest.count + entry.path.bytes.count + target.count + attributes.count
        append(UInt32(length), to: &buffer)
        buffer.append(kind.rawValue)
        buffer.append(flags)
        append(entry.mode, to: &buffer)
        append(entry.uid, to: &buffer)
        append(entry.gid, to: &buffer)
        append(entry.size, to: &buffer)
        append(entry.modificationTime.seconds, to: &buffer)
        append(entry.modificationTime.nanoseconds, to: &buffer)
        append(UInt32(entry.path.bytes.count), to: &buffer)
        append(UInt32(target.count), to: &buffer)
        append(major, to: &buffer)
        append(minor, to: &buffer)
        append(UInt32(attributes.count), to: &buffer)
        buffer.append(contentsOf: digest)
        buffer.append(contentsOf: entry.path.bytes)
        buffer.append(contentsOf: target)
        buffer.append(contentsOf: attributes)
    }

    static func append(_ value: some FixedWidthInteger, to buffer: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { buffer.append(contentsOf: $0) }
    }

    private static func rawBytes(_ digest: Digest) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        var high: UInt8?
        for digit in digest.encoded.utf8 {
            let value = digit < 58 ? digit - 48 : digit - 87
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes.count == 32 ? bytes : nil
    }
}

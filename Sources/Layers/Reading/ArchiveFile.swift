// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// A tar archive on this host, compressed or not, that was packed by anybody and is nobody's layer.
///
/// It is read from beginning to end as often as it is asked for something, and never held in memory. Belongs to one
/// task at a time.
public final class ArchiveFile: Sendable {
    private let descriptor: FileDescriptor
    /// What is in it: of entries with the same path the last.
    public let index: LayerIndex
    /// The places of files in the archive, counted from 0, where a path stands for the last of them.
    private let places: [TreePath: Int]

    /// Takes over an open file and reads it through; nil, and the file is left open, when it is no archive.
    ///
    /// What has the header of a first entry is an archive; that it is whole is seen when it is read.
    /// - Throws: ``LayersError`` for an archive that is damaged, or has entries that lead out of it; `CancellationError`.
    public init?(_ descriptor: FileDescriptor) throws {
        guard try Self.isArchive(descriptor) else { return nil }
        try descriptor.seek(offset: 0, from: .start)
        let reader = try LayerReader(from: descriptor, expecting: .none, as: .archive)
        var index = IndexBuilder(duplicates: .lastWins)
        var places: [TreePath: Int] = [:]
        var place = 0
        try Unpacker.forEachItem(of: reader, into: nil) { item in
            guard case .entry(let entry) = item else { return }
            if entry.kind == .file { places[entry.path] = place }
            place += 1
            try index.append(entry)
        }
        self.index = try index.finish()
        self.places = places
        self.descriptor = descriptor
    }

    deinit { try? descriptor.close() }

    /// Whether the bytes, decompressed, begin with the header of an entry.
    ///
    /// - Throws: ``LayersError/decompressionFailed(compression:reason:)`` for what is compressed but damaged so early that
    ///   nobody can know what it was.
    private static func isArchive(_ descriptor: FileDescriptor) throws -> Bool {
        var head = [UInt8](repeating: 0, count: 10)
        let count = try head.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: 0, into: $0) }
        do {
            try descriptor.seek(offset: 0, from: .start)
            return try LayerReader(from: descriptor, expecting: .none, as: .archive).hasFirstHeader()
        } catch let error as LayersError {
            if case .decompressionFailed = error, isSurelyCompressed(head[..<count]) { throw error }
            return false
        }
    }

    /// Text may begin with the few letters that bzip2's files begin with.
    private static func isSurelyCompressed(_ head: ArraySlice<UInt8>) -> Bool {
        if head.starts(with: Array("BZh".utf8)) {
            return head.count == 10 && head.dropFirst(4).elementsEqual([0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
        }
        return [[0x1f, 0x8b, 0x08], [0x28, 0xb5, 0x2f, 0xfd], [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]]
            .contains { head.starts(with: $0) }
    }

    /// Hands out the files of the archive in its order.
    ///
    /// - Parameter body: gets a file's path and a function that hands out its bytes.
    /// - Throws: what `body` throws, ``LayersError``, `CancellationError`.
    public func forEachFile(
        _ body: (_ path: TreePath, _ content: @escaping ((UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws
            -> Void
    ) throws {
        try descriptor.seek(offset: 0, from: .start)
        let reader = try LayerReader(from: descriptor, expecting: .none, as: .archive)
        var place = 0
        while let item = try reader.next() {
            defer { place += 1 }
            guard case .entry(let entry) = item, entry.kind == .file, places[entry.path] == place else { continue }
            try body(entry.path, reader.readContent)
        }
    }
}

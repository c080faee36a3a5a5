// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CArchive
import Glibc
import OCI

/// The bytes of a blob, decompressed as they are read, block by block, and the digests of both sides.
///
/// Compression is told by the first bytes: gzip (also of many members), zstd, bzip2 and xz by libarchive's filters;
/// anything else is taken as it is.
final class BlobReader {
    private enum Form: String {
        case none, gzip, zstd, bzip2, xz
    }

    private let file: BlobFile
    private let form: Form
    private var archive: OpaquePointer?
    private var tar = Digester()

    /// Starts reading at the descriptor's current position, which must be the blob's beginning, or come right after
    /// `head`.
    init(descriptor: Int32, head: [UInt8] = []) throws {
        file = BlobFile(descriptor: descriptor, head: head)
        form = try Self.form(of: file.peek())
        guard form != .none else { return }
        guard let archive = archive_read_new() else {
            throw LayersError.decompressionFailed(compression: form.rawValue, reason: "out of memory")
        }
        self.archive = archive
        switch form {
        case .gzip: archive_read_support_filter_gzip(archive)
        case .zstd: archive_read_support_filter_zstd(archive)
        case .bzip2: archive_read_support_filter_bzip2(archive)
        case .xz: archive_read_support_filter_xz(archive)
        case .none: break
        }
        archive_read_support_format_raw(archive)
        archive_read_support_format_empty(archive)
        let context = Unmanaged.passUnretained(file).toOpaque()
        let opened = archive_read_open(
            archive, context, nil,
            { _, context, block in
                guard let context else { return -1 }
                return Unmanaged<BlobFile>.fromOpaque(context).takeUnretainedValue().deliver(block)
            }, nil)
        guard opened == ARCHIVE_OK else { throw failure() }
        var entry: OpaquePointer?
        let header = archive_read_next_header(archive, &entry)
        if header == ARCHIVE_EOF {
            archive_read_free(archive)
            self.archive = nil
        } else if header != ARCHIVE_OK {
            throw failure()
        }
    }

    deinit {
        if let archive { archive_read_free(archive) }
    }

    /// The digest of the decompressed bytes delivered so far.
    var diffID: Digest { tar.digest() }
    /// How many decompressed bytes were delivered so far.
    var uncompressedSize: Int64 { tar.count }
    /// The digest of the blob's bytes read so far.
    var digest: Digest { file.digester.digest() }
    /// How many bytes of the blob were read so far.
    var size: Int64 { file.digester.count }

    /// The next decompressed bytes, valid until the next call; nil at the end.
    func next() throws -> UnsafeRawBufferPointer? {
        try Task.checkCancellation()
        let block: UnsafeRawBufferPointer?
        if form == .none { block = try file.read() } else { block = try nextDecompressed() }
        if let block { tar.update(block) }
        return block
    }

    /// Reads both sides to their ends, so that the digests are those of everything.
    func drain() throws {
        while try next() != nil {}
        while try file.read() != nil { try Task.checkCancellation() }
    }

    private func nextDecompressed() throws -> UnsafeRawBufferPointer? {
        guard let archive else { return nil }
        while true {
            var (start, count, offset): (UnsafeRawPointer?, Int, Int64) = (nil, 0, 0)
            switch archive_read_data_block(archive, &start, &count, &offset) {
            case ARCHIVE_EOF: return nil
            case ARCHIVE_OK:
                if count > 0 { return UnsafeRawBufferPointer(start: start, count: count) }
            default: throw failure()
            }
        }
    }

    private func failure() -> any Error {
        if let failure = file.failure { return failure }
        let reason = archive.flatMap { archive_error_string($0) }.map { String(cString: $0) } ?? "unknown"
        return LayersError.decompressionFailed(compression: form.rawValue, reason: reason)
    }

    /// Whether bytes begin like those of a compressed file.
    static func isCompressed(_ head: [UInt8]) -> Bool { head.withUnsafeBytes { form(of: $0) } != .none }

    private static func form(of head: UnsafeRawBufferPointer) -> Form {
        if head.starts(with: [0x1f, 0x8b]) { return .gzip }
        if head.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) { return .zstd }
        if head.count >= 4, head[0] & 0xf0 == 0x50, head[1...3].elementsEqual([0x2a, 0x4d, 0x18]) { return .zstd }
        if head.starts(with: Array("BZh".utf8)) { return .bzip2 }
        if head.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]) { return .xz }
        return .none
    }
}

/// The blob's own bytes, hashed as they are read.
private final class BlobFile {
    private let descriptor: Int32
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 64)
    private var peeked: Int?
    /// Whether bytes may be long in coming, as from a pipe.
    private let isStream: Bool
    private(set) var digester = Digester()
    private(set) var failure: (any Error)?

    /// - Parameter head: what was read of the descriptor already; no more than the buffer holds.
    init(descriptor: Int32, head: [UInt8]) {
        self.descriptor = descriptor
        var status = stat()
        isStream = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
        let head = head.prefix(buffer.count)
        if !head.isEmpty {
            buffer.copyBytes(from: head)
            peeked = head.count
        }
    }

    deinit { buffer.deallocate() }

    /// The first bytes, which the next ``read()`` delivers again.
    func peek() throws -> UnsafeRawBufferPointer {
        var count = peeked ?? 0
        while count < 8 {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
            let more = try readMore(into: room)
            if more == 0 { break }
            count += more
        }
        peeked = count
        return UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }

    /// The next bytes, valid until the next call; nil at the end.
    func read() throws -> UnsafeRawBufferPointer? {
        let count: Int
        if let peeked, peeked > 0 {
            count = peeked
        } else {
            count = try readMore(into: buffer)
        }
        peeked = nil
        if count == 0 { return nil }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        digester.update(bytes)
        return bytes
    }

    private func readMore(into room: UnsafeMutableRawBufferPointer) throws -> Int {
        if isStream { try System.waitForInput(descriptor) }
        return try System.read(descriptor, into: room, path: "layer blob")
    }

    /// libarchive's read callback: the block's address and length, 0 at the end, -1 for an error kept in `failure`.
    func deliver(_ block: UnsafeMutablePointer<UnsafeRawPointer?>?) -> Int {
        do {
            guard let bytes = try read() else { return 0 }
            block?.pointee = bytes.baseAddress
            return bytes.count
        } catch {
            failure = error
            return -1
        }
    }
}

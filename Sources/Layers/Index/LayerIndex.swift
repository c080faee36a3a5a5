// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import CDeflate

/// The sorted entries of one layer, held compactly: entries are decoded when they are asked for.
///
/// The encoded form has a version and a checksum; loading costs one pass over the bytes and no allocation per entry.
public struct LayerIndex: Sendable {
    private static let magic = Array("mf-index".utf8)
    private static let version: UInt32 = 1
    private static let headerLength = 16

    /// The whole encoded form: magic, version, number of entries, records, CRC-32.
    public let encoded: [UInt8]
    private let offsets: [UInt32]

    /// How many entries there are.
    public var count: Int { offsets.count }

    /// Loads an encoded index.
    ///
    /// - Throws: ``LayersError/corruptIndex(reason:)`` when bytes are missing or altered, or of another version.
    public init(encoded: [UInt8]) throws(LayersError) {
        guard encoded.count >= Self.headerLength + 4, encoded.starts(with: Self.magic) else {
            throw .corruptIndex(reason: "it does not begin like one")
        }
        let (offsets, reason): ([UInt32], String?) = encoded.withUnsafeBytes { bytes in
            let version = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
            let count = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
            guard version == Self.version else { return ([], "its version is \(version), not \(Self.version)") }
            let end = bytes.count - 4
            let sum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: end, as: UInt32.self))
            guard sum == libdeflate_crc32(0, bytes.baseAddress, end) else { return ([], "its checksum is wrong") }
            let body = UnsafeRawBufferPointer(rebasing: bytes[..<end])
            guard Int(count) <= end / IndexRecord.headLength else { return ([], "its count is wrong") }
            var offsets: [UInt32] = []
            offsets.reserveCapacity(Int(count))
            var start = Self.headerLength
            while start < end {
                guard let length = IndexRecord.soundLength(body, at: start) else { return ([], "a record is unsound") }
                offsets.append(UInt32(start))
                start += length
            }
            return offsets.count == Int(count) ? (offsets, nil) : ([], "its count is wrong")
        }
        if let reason { throw .corruptIndex(reason: reason) }
        self.encoded = encoded
        self.offsets = offsets
    }

    /// Makes an index of entries in any order.
    ///
    /// - Throws: ``LayersError/duplicateEntry(_:)``, ``LayersError/hardLinkTargetMissing(link:target:)`` or
    ///   ``LayersError/beneathNonDirectory(_:)``.
    public init(entries: some Sequence<TreeEntry>) throws {
        var builder = IndexBuilder(duplicates: .refused)
        for entry in entries { try builder.append(entry) }
        self = try builder.finish()
    }

    /// Starts the encoded form of an index with `count` entries.
    static func header(count: Int, capacity: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(capacity + headerLength + 4)
        bytes.append(contentsOf: magic)
        IndexRecord.append(version, to: &bytes)
        IndexRecord.append(UInt32(count), to: &bytes)
        return bytes
    }

    /// Completes the encoded form.
    static func seal(_ bytes: inout [UInt8]) {
        let sum = bytes.withUnsafeBytes { libdeflate_crc32(0, $0.baseAddress, $0.count) }
        IndexRecord.append(sum, to: &bytes)
    }

    func withRecord<Result>(_ position: Int, _ body: (IndexRecord) -> Result) -> Result {
        encoded.withUnsafeBytes { body(IndexRecord(bytes: $0, start: Int(offsets[position]))) }
    }
}

extension LayerIndex: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { offsets.count }
    public subscript(position: Int) -> TreeEntry { withRecord(position) { $0.entry() } }
}

extension LayerIndex: Equatable {
    public static func == (left: LayerIndex, right: LayerIndex) -> Bool { left.encoded == right.encoded }
}

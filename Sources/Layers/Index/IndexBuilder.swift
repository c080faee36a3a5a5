// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Collects the entries of one layer in the order in which they come and makes the ``LayerIndex``.
///
/// What is said twice is settled here, as the image specification (layer.md) wants it: of two entries with one path the
/// last counts; an entry that is no directory removes everything that came before it beneath its path; whiteouts and
/// opaque marks concern lower layers only, so that an entry beside its own whiteout stays and, if it is a directory, is
/// opaque. A hard link follows the file it was made of even when the file's first name is gone at the end.
struct IndexBuilder {
    /// What a second entry with the same path means.
    enum Duplicates { case lastWins, refused }

    /// The most bytes that an index may have; a million entries take about 150 MB.
    private static let maximumLength = 1 << 30

    private let duplicates: Duplicates
    private var records: [UInt8] = []
    private var offsets: [UInt32] = []

    init(duplicates: Duplicates) { self.duplicates = duplicates }

    mutating func append(_ entry: TreeEntry) throws {
        try append(entry, opaqueMark: false)
    }

    /// Notes that a directory hides what lower layers have in it.
    mutating func appendOpaqueMark(_ directory: TreePath) throws {
        try append(
            TreeEntry(path: directory, kind: .directory(opaque: true), mode: 0o755), opaqueMark: true)
    }

    private mutating func append(_ entry: TreeEntry, opaqueMark: Bool) throws {
        guard records.count < Self.maximumLength else {
            throw LayersError.malformedArchive(reason: "it has too many entries", entry: entry.path)
        }
        offsets.append(UInt32(records.count))
        IndexRecord.append(entry, opaqueMark: opaqueMark, to: &records)
    }

    /// Sorts, settles and encodes.
    consuming func finish() throws -> LayerIndex {
        let duplicates = duplicates
        let bytes = try records.withUnsafeBytes { bytes in
            var settlement = IndexSettlement(bytes: bytes, offsets: offsets)
            return try settlement.settle(duplicates)
        }
        return try LayerIndex(encoded: bytes)
    }
}

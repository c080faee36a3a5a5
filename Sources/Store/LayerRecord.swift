// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import SystemPackage

/// What the store knows of a layer: which compressed blob holds it.
public struct LayerRecord: Hashable, Sendable, Codable {
    /// The digest of the uncompressed tar.
    public var diffID: Digest
    /// The blob; its media type says how it is compressed.
    public var blob: Descriptor

    public init(diffID: Digest, blob: Descriptor) {
        self.diffID = diffID
        self.blob = blob
    }
}

extension Store {
    /// The layer with this diff ID, if its blob is in the store.
    public func layer(_ diffID: Digest) throws -> LayerRecord? {
        guard let record = try readRecord(LayerRecord.self, at: layerPath(diffID)), record.diffID == diffID,
            hasBlob(record.blob.digest, size: record.blob.size)
        else { return nil }
        return record
    }

    /// Remembers which blob a layer is in.
    ///
    /// - Throws: ``StoreError``.
    public func save(_ record: LayerRecord) throws {
        try writeRecord(record, to: layerPath(record.diffID))
    }

    /// The blob that holds a layer in another compression than the one of its record, if it is in the store.
    ///
    /// - Parameter variant: a short name of the compression, as `zstd-3`.
    public func layer(_ diffID: Digest, as variant: String) throws -> LayerRecord? {
        guard let record = try readRecord(LayerRecord.self, at: variantPath(diffID, variant)), record.diffID == diffID,
            hasBlob(record.blob.digest, size: record.blob.size)
        else { return nil }
        return record
    }

    /// Remembers a layer's blob in another compression.
    ///
    /// - Throws: ``StoreError``.
    public func save(_ record: LayerRecord, as variant: String) throws {
        try writeRecord(record, to: variantPath(record.diffID, variant))
    }

    private func variantPath(_ diffID: Digest, _ variant: String) -> FilePath {
        root.appending("layers").appending("\(diffID.encoded).\(variant)")
    }

    private func layerPath(_ diffID: Digest) -> FilePath { root.appending("layers").appending(diffID.encoded) }

    /// Where the index of a layer's entries is or would be.
    public func indexPath(_ diffID: Digest) -> FilePath { root.appending("indexes").appending(diffID.encoded) }

    /// Where what is known of a layer's programs is or would be.
    public func factsPath(_ diffID: Digest) -> FilePath { root.appending("facts").appending(diffID.encoded) }
}

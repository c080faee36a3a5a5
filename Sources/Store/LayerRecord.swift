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

    private func layerPath(_ diffID: Digest) -> FilePath { root.appending("layers").appending(diffID.encoded) }

    /// Where the index of a layer's entries is or would be.
    public func indexPath(_ diffID: Digest) -> FilePath { root.appending("indexes").appending(diffID.encoded) }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
import SystemPackage

/// What is known of a file that was downloaded: which blob it is, and what its server called that version.
public struct DownloadRecord: Hashable, Sendable, Codable {
    public var digest: Digest
    public var size: Int64
    /// The ETag header.
    public var tag: String?
    /// The Last-Modified header.
    public var modified: String?

    public init(digest: Digest, size: Int64, tag: String?, modified: String?) {
        self.digest = digest
        self.size = size
        self.tag = tag
        self.modified = modified
    }
}

extension Store {
    /// What was downloaded from an address the last time, if its blob is still here.
    public func download(from address: String) throws -> DownloadRecord? {
        guard let record = try readRecord(DownloadRecord.self, at: downloadPath(address)),
            hasBlob(record.digest, size: record.size)
        else { return nil }
        return record
    }

    /// Remembers what was downloaded.
    ///
    /// - Throws: ``StoreError``.
    public func save(_ record: DownloadRecord, from address: String) throws {
        try writeRecord(record, to: downloadPath(address))
    }

    private func downloadPath(_ address: String) -> FilePath {
        root.appending("downloads").appending(Digest.sha256(of: address).encoded)
    }
}

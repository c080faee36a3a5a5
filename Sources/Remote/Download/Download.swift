// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
public import OCI

/// What a server said of a file by which it can tell whether that has changed (RFC 9110 §8.8).
public struct FileVersion: Hashable, Sendable, Codable {
    /// The ETag header, as it came.
    public var tag: String?
    /// The Last-Modified header, as it came.
    public var modified: String?

    public init(tag: String? = nil, modified: String? = nil) {
        self.tag = tag
        self.modified = modified
    }

    /// Whether there is anything to ask by.
    public var isEmpty: Bool { tag == nil && modified == nil }

    /// The time of the file, in seconds since 1970; 0 when the server does not say.
    public var modificationTime: Int64 { modified.flatMap(HTTPDate.seconds) ?? 0 }

    /// Whether both name the same bytes, a weak tag counted like a strong one (as BuildKit does).
    func isSame(as other: FileVersion) -> Bool {
        guard let tag, let otherTag = other.tag else { return false }
        return Self.strong(tag) == Self.strong(otherTag)
    }

    private static func strong(_ tag: String) -> Substring { tag.hasPrefix("W/") ? tag.dropFirst(2) : tag[...] }
}

/// What came of a download.
public enum Download: Hashable, Sendable {
    /// The server has the version that is known already.
    case unchanged
    /// The file was written.
    case fetched(DownloadedFile)
}

/// A file that was downloaded.
public struct DownloadedFile: Hashable, Sendable {
    /// The SHA-256 of its bytes.
    public var digest: Digest
    public var size: Int64
    /// What the server calls this version.
    public var version: FileVersion
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A pointer to content: what it is, how it is named, how large it is (image-spec descriptor.md).
public struct Descriptor: Hashable, Sendable, Codable {
    /// What the bytes are.
    public var mediaType: MediaType
    /// The digest of the bytes.
    public var digest: Digest
    /// How many bytes there are.
    public var size: Int64
    /// Addresses to fetch the bytes from besides the registry (foreign layers).
    public var urls: [String]?
    /// Free-form notes.
    public var annotations: [String: String]?
    /// The platform that a manifest is for; only in an index.
    public var platform: Platform?
    /// The type of an artifact, when this descriptor points to one.
    public var artifactType: String?

    public init(
        mediaType: MediaType, digest: Digest, size: Int64, urls: [String]? = nil,
        annotations: [String: String]? = nil, platform: Platform? = nil, artifactType: String? = nil
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.urls = urls
        self.annotations = annotations
        self.platform = platform
        self.artifactType = artifactType
    }
}

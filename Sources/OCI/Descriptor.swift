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

    /// Reads a descriptor; content of a negative size is none (descriptor.md, "size").
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        mediaType = try container.decode(MediaType.self, forKey: .mediaType)
        digest = try container.decode(Digest.self, forKey: .digest)
        size = try container.decode(Int64.self, forKey: .size)
        urls = try container.decodeIfPresent([String].self, forKey: .urls)
        annotations = try container.decodeIfPresent([String: String].self, forKey: .annotations)
        platform = try container.decodeIfPresent(Platform.self, forKey: .platform)
        artifactType = try container.decodeIfPresent(String.self, forKey: .artifactType)
        guard size >= 0 else {
            throw DecodingError.dataCorruptedError(forKey: .size, in: container, debugDescription: "a negative size")
        }
    }

    enum CodingKeys: String, CodingKey {
        case mediaType, digest, size, urls, annotations, platform, artifactType
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// An index or manifest list as a document has it, with what is missing left out and nothing repaired.
public struct WrittenIndex: Hashable, Sendable, Codable {
    public var schemaVersion: Int?
    public var mediaType: MediaType?
    public var artifactType: String?
    public var entries: [WrittenEntry]
    public var subject: Descriptor?
    public var annotations: [String: String]?

    public init(mediaType: MediaType? = .ociIndex, entries: [WrittenEntry], annotations: [String: String]? = nil) {
        self.schemaVersion = 2
        self.mediaType = mediaType
        self.entries = entries
        self.annotations = annotations
    }

    public init(_ index: Index) {
        self.init(mediaType: index.mediaType, entries: index.manifests.map(WrittenEntry.init))
        schemaVersion = index.schemaVersion
        artifactType = index.artifactType
        subject = index.subject
        annotations = index.annotations
    }

    enum CodingKeys: String, CodingKey {
        case schemaVersion, mediaType, artifactType, subject, annotations
        case entries = "manifests"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        schemaVersion = try container.decodeIfPresent(Int.self, forKey: .schemaVersion)
        mediaType = try container.decodeIfPresent(MediaType.self, forKey: .mediaType)
        artifactType = try container.decodeIfPresent(String.self, forKey: .artifactType)
        subject = try container.decodeIfPresent(Descriptor.self, forKey: .subject)
        annotations = try container.decodeIfPresent([String: String].self, forKey: .annotations)
        entries = try container.decodeIfPresent([WrittenEntry].self, forKey: .entries) ?? []
    }

    /// The index as the rest of the program knows it, without entries that have no digest.
    public var index: Index {
        var index = Index(
            mediaType: mediaType ?? .ociIndex, manifests: entries.compactMap(\.descriptor), annotations: annotations)
        index.artifactType = artifactType
        index.subject = subject
        return index
    }
}

/// One entry of a ``WrittenIndex``.
public struct WrittenEntry: Hashable, Sendable, Codable {
    public var mediaType: MediaType?
    public var digest: Digest?
    public var size: Int64?
    public var platform: WrittenPlatform?
    public var annotations: [String: String]?
    public var artifactType: String?
    public var urls: [String]?

    public init(_ descriptor: Descriptor) {
        mediaType = descriptor.mediaType
        digest = descriptor.digest
        size = descriptor.size
        platform = descriptor.platform.map(WrittenPlatform.init)
        annotations = descriptor.annotations
        artifactType = descriptor.artifactType
        urls = descriptor.urls
    }

    enum CodingKeys: String, CodingKey {
        case mediaType, digest, size, platform, annotations, artifactType, urls
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        mediaType = try container.decodeIfPresent(MediaType.self, forKey: .mediaType)
        // A digest or a size that is none is as good as missing.
        digest = try? container.decodeIfPresent(Digest.self, forKey: .digest)
        size = try? container.decodeIfPresent(Int64.self, forKey: .size)
        platform = try container.decodeIfPresent(WrittenPlatform.self, forKey: .platform)
        annotations = try container.decodeIfPresent([String: String].self, forKey: .annotations)
        artifactType = try container.decodeIfPresent(String.self, forKey: .artifactType)
        urls = try container.decodeIfPresent([String].self, forKey: .urls)
    }

    /// What the entry is in the list.
    public var role: EntryRole {
        EntryRole(
            mediaType: mediaType, isUnknown: platform?.isUnknown, artifactType: artifactType, annotations: annotations)
    }

    /// The descriptor, when there is a digest.
    var descriptor: Descriptor? {
        digest.map {
            Descriptor(
                mediaType: mediaType ?? .ociManifest, digest: $0, size: size ?? 0, urls: urls,
                annotations: annotations, platform: platform?.platform, artifactType: artifactType)
        }
    }
}

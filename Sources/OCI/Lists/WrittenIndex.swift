// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// An index or manifest list as a document has it, with nothing repaired and nothing lost: what is missing, of the wrong
/// kind or unknown is no obstacle, and stays as it is when the list is written again.
public struct WrittenIndex: Hashable, Sendable, Codable {
    public var schemaVersion: Int? { didSet { other[CodingKeys.schemaVersion.stringValue] = nil } }
    public var mediaType: MediaType? { didSet { other[CodingKeys.mediaType.stringValue] = nil } }
    public var artifactType: String?
    public var entries: [WrittenEntry]
    public var subject: Descriptor?
    public var annotations: [String: String]?
    /// Members that are not understood.
    public internal(set) var other: [String: JSONTree] = [:]

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

    /// - Throws: when it is no JSON object.
    public init(from decoder: any Decoder) throws {
        var members = try WrittenMembers(decoder)
        let schemaVersion = members.take(CodingKeys.schemaVersion, as: Int.self)
        let mediaType = members.take(CodingKeys.mediaType, as: MediaType.self)
        artifactType = members.take(CodingKeys.artifactType)
        subject = members.take(CodingKeys.subject)
        annotations = members.take(CodingKeys.annotations)
        entries = members.take(CodingKeys.entries, as: [Element].self)?.map(\.entry) ?? []
        self.schemaVersion = schemaVersion
        self.mediaType = mediaType
        other = try members.rest()
        other[CodingKeys.entries.stringValue] = nil
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(schemaVersion, forKey: .schemaVersion)
        try container.encodeIfPresent(mediaType, forKey: .mediaType)
        try container.encodeIfPresent(artifactType, forKey: .artifactType)
        try container.encode(entries, forKey: .entries)
        try container.encodeIfPresent(subject, forKey: .subject)
        try container.encodeIfPresent(annotations, forKey: .annotations)
        try WrittenMembers.encode(other, to: encoder)
    }

    /// What stands in a list, which may be anything.
    private struct Element: Decodable {
        let entry: WrittenEntry
        init(from decoder: any Decoder) throws { entry = (try? WrittenEntry(from: decoder)) ?? WrittenEntry() }
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
    public var mediaType: MediaType? { didSet { other[CodingKeys.mediaType.stringValue] = nil } }
    public var digest: Digest? { didSet { other[CodingKeys.digest.stringValue] = nil } }
    public var size: Int64? { didSet { other[CodingKeys.size.stringValue] = nil } }
    public var platform: WrittenPlatform? { didSet { other[CodingKeys.platform.stringValue] = nil } }
    public var annotations: [String: String]?
    public var artifactType: String?
    public var urls: [String]?
    /// Members that are not understood, such as embedded data.
    public internal(set) var other: [String: JSONTree] = [:]

    init() {}

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
        var members = try WrittenMembers(decoder)
        mediaType = members.take(CodingKeys.mediaType)
        // A digest or a size that is none is as good as missing.
        digest = members.take(CodingKeys.digest)
        size = members.take(CodingKeys.size)
        platform = members.take(CodingKeys.platform)
        annotations = members.take(CodingKeys.annotations)
        artifactType = members.take(CodingKeys.artifactType)
        urls = members.take(CodingKeys.urls)
        other = try members.rest()
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(mediaType, forKey: .mediaType)
        try container.encodeIfPresent(digest, forKey: .digest)
        try container.encodeIfPresent(size, forKey: .size)
        try container.encodeIfPresent(platform, forKey: .platform)
        try container.encodeIfPresent(annotations, forKey: .annotations)
        try container.encodeIfPresent(artifactType, forKey: .artifactType)
        try container.encodeIfPresent(urls, forKey: .urls)
        try WrittenMembers.encode(other, to: encoder)
    }

    /// What the entry is in the list.
    public var role: EntryRole {
        EntryRole(
            mediaType: mediaType, isUnknown: platform?.isUnknown, artifactType: artifactType, annotations: annotations)
    }

    /// The descriptor, when there is a digest.
    public var descriptor: Descriptor? {
        digest.map {
            Descriptor(
                mediaType: mediaType ?? .ociManifest, digest: $0, size: size ?? 0, urls: urls,
                annotations: annotations, platform: platform?.platform, artifactType: artifactType)
        }
    }
}

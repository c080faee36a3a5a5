// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What `manifest lint` looks for.
public enum ListRule: String, Hashable, Sendable, CaseIterable {
    /// The list has no image at all.
    case emptyList = "empty-list"
    /// `schemaVersion` is not 2.
    case schemaVersion = "schema-version"
    /// The list does not say what it is.
    case missingMediaType = "missing-media-type"
    /// A list with what only the manifest of one image has.
    case ambiguousDocument = "ambiguous-document"
    /// A Docker list with OCI manifests, or an OCI index with Docker's.
    case mixedMediaTypes = "mixed-media-types"
    /// An entry without a digest.
    case missingDigest = "missing-digest"
    /// An entry without a size.
    case missingSize = "missing-size"
    /// An entry whose size is not that of the manifest.
    case wrongSize = "wrong-size"
    /// An entry whose media type is not that of the manifest.
    case wrongMediaType = "wrong-media-type"
    /// An entry whose manifest the repository does not have.
    case missingChild = "missing-child"
    /// An entry whose manifest, or whose image's config, cannot be read.
    case unreadableChild = "unreadable-child"
    /// An image without a platform.
    case missingPlatform = "missing-platform"
    /// A platform that no client asks for, as `linux/arm64/armv8`.
    case unmatchable
    /// A platform that only some clients can read, as `linux/aarch64`.
    case spelling
    /// `arm` without a variant, which clients read as v7.
    case missingVariant = "missing-variant"
    /// The list and the image's config name different platforms.
    case configDisagrees = "config-disagrees"
    /// Two entries for one platform.
    case duplicatePlatform = "duplicate-platform"
    /// An entry before one that suits some machines better.
    case hiddenMatch = "hidden-match"
    /// A list in the list.
    case nestedList = "nested-list"
    /// An attestation of an image that is not in the list.
    case orphanAttestation = "orphan-attestation"
    /// How many attestations there are.
    case attestations

    /// What the rule is about, in a sentence for a list of rules.
    public var summary: String {
        switch self {
        case .emptyList: "the list has an image"
        case .schemaVersion: "schemaVersion is 2"
        case .missingMediaType: "the list says what it is"
        case .ambiguousDocument: "the list is nothing but a list"
        case .mixedMediaTypes: "list and manifests are of one family, Docker's or OCI's"
        case .missingDigest: "every entry has a digest"
        case .missingSize: "every entry has a size"
        case .wrongSize: "every size is that of the manifest"
        case .wrongMediaType: "every media type is that of the manifest"
        case .missingChild: "the repository has every manifest"
        case .unreadableChild: "every manifest and its config can be read"
        case .missingPlatform: "every image has a platform"
        case .unmatchable: "clients ask for every platform of the list"
        case .spelling: "platforms are spelled as all clients spell them"
        case .missingVariant: "arm has a variant"
        case .configDisagrees: "list and configs name the same platforms"
        case .duplicatePlatform: "one platform has one image"
        case .hiddenMatch: "the better match stands first"
        case .nestedList: "entries are images"
        case .orphanAttestation: "attested images are in the list"
        case .attestations: "attestations are counted apart"
        }
    }
}

/// How much a finding matters.
public enum ListSeverity: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Good to know.
    case note
    /// Some clients or machines are served badly.
    case warning
    /// Some machine gets a wrong image or none.
    case error

    public static func < (left: ListSeverity, right: ListSeverity) -> Bool {
        left.order < right.order
    }

    private var order: Int {
        switch self {
        case .note: 0
        case .warning: 1
        case .error: 2
        }
    }
}

/// One thing that `manifest lint` found.
public struct ListFinding: Hashable, Sendable {
    public let rule: ListRule
    public let severity: ListSeverity
    /// The position of the entry that is meant, from 0; nil when it is the list.
    public let entry: Int?
    /// The entry's digest.
    public let digest: Digest?
    /// The entry's platform as the list has it.
    public let platform: String?
    /// What is wrong, for a person.
    public let message: String
    /// What `fix` makes of it; nil when it cannot.
    public let repair: ListRepair?
    /// What a person can do where `fix` cannot.
    public let advice: String?
}

/// One change that `manifest fix` makes.
public enum ListRepair: Hashable, Sendable {
    case setSchemaVersion
    case setListType(MediaType)
    case setPlatform(Platform)
    case setSize(Int64)
    case removeMembers([String])
    case setMediaType(MediaType)
    case remove
    case reorder
}

extension ListRepair: CustomStringConvertible {
    /// The change as a command: "write linux/arm64".
    public var description: String {
        switch self {
        case .setSchemaVersion: "write schemaVersion 2"
        case .setListType(let type): "make the list \(type == .ociIndex ? "an OCI index" : "a Docker manifest list")"
        case .setPlatform(let platform): "write \(platform.fullName)"
        case .setSize(let size): "write size \(size)"
        case .setMediaType(let type): "write \(type)"
        case .removeMembers(let names): "remove \(names.joined(separator: ", "))"
        case .remove: "remove the entry"
        case .reorder: "sort the entries"
        }
    }
}

/// What is known about a manifest that a list names.
public struct ChildFacts: Hashable, Sendable {
    /// Whether the repository has it; nil when nobody looked.
    public var exists: Bool?
    /// Why the manifest, or the config that it names, cannot be read.
    public var flaw: String?
    /// The manifest's own media type.
    public var mediaType: MediaType?
    /// How many bytes the manifest has.
    public var size: Int64?
    /// The platform in the config, as written there.
    public var config: WrittenPlatform?

    public init(
        exists: Bool? = nil, flaw: String? = nil, mediaType: MediaType? = nil, size: Int64? = nil,
        config: WrittenPlatform? = nil
    ) {
        self.exists = exists
        self.flaw = flaw
        self.mediaType = mediaType
        self.size = size
        self.config = config
    }
}

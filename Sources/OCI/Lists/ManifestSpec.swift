// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What manifest-tool's YAML file says: which images make which list.
///
/// Keys are manifest-tool's. Its own reader knows `osversion` and `osfeatures` only, while its documentation also has the
/// names of the OCI specification; both are read here.
public struct ManifestSpec: Hashable, Sendable, Codable {
    /// The name of the list.
    public var image: String
    /// More tags for it.
    public var tags: [String]
    /// Annotations of the list, which only an OCI index can have.
    public var annotations: [String: String]
    /// The images of the list.
    public var manifests: [Source]

    /// One image of the list.
    public struct Source: Hashable, Sendable, Codable {
        public var image: String
        /// Nil, or with empty fields, where the image's config is to tell.
        public var platform: SpecPlatform?

        public init(image: String, platform: SpecPlatform? = nil) {
            self.image = image
            self.platform = platform
        }
    }

    public init(
        image: String, tags: [String] = [], annotations: [String: String] = [:], manifests: [Source]
    ) {
        self.image = image
        self.tags = tags
        self.annotations = annotations
        self.manifests = manifests
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        image = try container.decode(String.self, forKey: .image)
        tags = try container.decodeIfPresent([String].self, forKey: .tags) ?? []
        annotations = try container.decodeIfPresent([String: String].self, forKey: .annotations) ?? [:]
        manifests = try container.decodeIfPresent([Source].self, forKey: .manifests) ?? []
    }

    /// The names that the list gets: the image's, and the same repository with each tag.
    ///
    /// - Throws: ``OCIError/invalidReference(_:reason:)``.
    public func references() throws(OCIError) -> [Reference] {
        let name = try Reference(image)
        var references = [name]
        for tag in tags {
            let reference = try Reference("\(name.name):\(tag)")
            if !references.contains(reference) { references.append(reference) }
        }
        return references
    }

    /// The spec that `--platforms`, `--template`, `--target` and `--tags` make.
    ///
    /// - Throws: ``ListProblem/templatePlatform(_:)``, ``ListProblem/empty``.
    public init(
        platforms: [String], template: String, target: String, tags: [String] = [],
        annotations: [String: String] = [:]
    ) throws(OCIError) {
        let template = ImageTemplate(template)
        var sources: [Source] = []
        for text in platforms { sources.append(try template.source(for: text)) }
        guard !sources.isEmpty else { throw .list(.empty) }
        self.init(image: target, tags: tags, annotations: annotations, manifests: sources)
    }
}

/// A platform in a ``ManifestSpec``, where every field may be missing.
public struct SpecPlatform: Hashable, Sendable, Codable {
    public var os: String?
    public var architecture: String?
    public var variant: String?
    public var osVersion: String?
    public var osFeatures: [String]?
    /// Features of the processor; reserved by Docker's manifest list and read by no client.
    public var features: [String]?

    public init(
        os: String? = nil, architecture: String? = nil, variant: String? = nil, osVersion: String? = nil,
        osFeatures: [String]? = nil, features: [String]? = nil
    ) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
        self.osVersion = osVersion
        self.osFeatures = osFeatures
        self.features = features
    }

    enum CodingKeys: String, CodingKey {
        case os, architecture, variant, features
        case osVersion = "os.version"
        case osFeatures = "os.features"
    }

    private enum OtherKeys: String, CodingKey {
        case osVersion = "osversion"
        case osFeatures = "osfeatures"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let others = try decoder.container(keyedBy: OtherKeys.self)
        os = try container.decodeIfPresent(String.self, forKey: .os)
        architecture = try container.decodeIfPresent(String.self, forKey: .architecture)
        variant = try container.decodeIfPresent(String.self, forKey: .variant)
        features = try container.decodeIfPresent([String].self, forKey: .features)
        osVersion =
            try container.decodeIfPresent(String.self, forKey: .osVersion)
            ?? others.decodeIfPresent(String.self, forKey: .osVersion)
        osFeatures =
            try container.decodeIfPresent([String].self, forKey: .osFeatures)
            ?? others.decodeIfPresent([String].self, forKey: .osFeatures)
    }

    /// What is to be listed for an image, given its config: as manifest-tool fills in what the file leaves out. Nil when
    /// the file names nothing and the config is to tell alone.
    ///
    /// - Throws: ``OCIError/unknownPlatform(_:suggestion:)``.
    public func given(config: WrittenPlatform?) throws(OCIError) -> GivenPlatform? {
        func present(_ text: String?) -> String? { text.flatMap { $0.isEmpty ? nil : $0 } }
        let (os, architecture) = (present(self.os), present(self.architecture))
        let isNamed = os != nil || architecture != nil
        let hasDetails = present(variant) != nil || present(osVersion) != nil || osFeatures?.isEmpty == false
        guard isNamed || hasDetails else { return nil }
        let known = config.flatMap { $0.isUnknown ? nil : $0 }
        // A variant belongs to its architecture: the config's fills in only where that is the same.
        let isSame = architecture.map { name in
            known.map { Platform(os: $0.os, architecture: name).architecture == $0.platform.architecture } ?? false
        }
        return try GivenPlatform(
            os: os ?? known?.os, architecture: architecture ?? known?.architecture,
            variant: present(variant) ?? (isSame == false ? nil : known?.variant),
            osVersion: present(osVersion) ?? (isSame == false ? nil : known?.osVersion),
            osFeatures: osFeatures?.isEmpty == false ? osFeatures : (isSame == false ? nil : known?.osFeatures))
    }
}

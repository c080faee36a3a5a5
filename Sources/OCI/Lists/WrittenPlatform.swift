// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A platform letter for letter as a document has it, good or not.
///
/// ``Platform`` repairs spellings when it is decoded, so that nothing after it meets a bad one. What judges documents
/// (`manifest lint`), or foretells what other clients make of them (`manifest who`), has to see them as they are. The
/// keys are those of an index's entry and of a config alike, so that a config can be decoded as one.
public struct WrittenPlatform: Hashable, Sendable, Codable {
    public var os: String
    public var architecture: String
    public var variant: String?
    public var osVersion: String?
    public var osFeatures: [String]?
    /// Members that are not understood, such as the `features` of Docker's lists.
    public internal(set) var other: [String: JSONTree] = [:]

    public init(
        os: String, architecture: String, variant: String? = nil, osVersion: String? = nil,
        osFeatures: [String]? = nil
    ) {
        self.os = os
        self.architecture = architecture
        self.variant = variant
        self.osVersion = osVersion
        self.osFeatures = osFeatures
    }

    public init(_ platform: Platform) {
        self.init(
            os: platform.os, architecture: platform.architecture, variant: platform.variant,
            osVersion: platform.osVersion, osFeatures: platform.osFeatures)
    }

    enum CodingKeys: String, CodingKey {
        case os, architecture, variant
        case osVersion = "os.version"
        case osFeatures = "os.features"
    }

    public init(from decoder: any Decoder) throws {
        var members = try WrittenMembers(decoder)
        os = members.take(CodingKeys.os) ?? ""
        architecture = members.take(CodingKeys.architecture) ?? ""
        variant = members.take(CodingKeys.variant, as: String.self).flatMap { $0.isEmpty ? nil : $0 }
        osVersion = members.take(CodingKeys.osVersion, as: String.self).flatMap { $0.isEmpty ? nil : $0 }
        osFeatures = members.take(CodingKeys.osFeatures, as: [String].self).flatMap { $0.isEmpty ? nil : $0 }
        other = try members.rest()
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if !os.isEmpty { try container.encode(os, forKey: .os) }
        if !architecture.isEmpty { try container.encode(architecture, forKey: .architecture) }
        try container.encodeIfPresent(variant, forKey: .variant)
        try container.encodeIfPresent(osVersion, forKey: .osVersion)
        try container.encodeIfPresent(osFeatures, forKey: .osFeatures)
        try WrittenMembers.encode(other, to: encoder)
    }

    /// The platform alone, as for a config, which has much besides.
    public var plain: WrittenPlatform {
        WrittenPlatform(
            os: os, architecture: architecture, variant: variant, osVersion: osVersion, osFeatures: osFeatures)
    }

    /// Another platform in the place of this one.
    func changed(to platform: Platform) -> WrittenPlatform {
        var changed = WrittenPlatform(platform)
        changed.other = other
        for key in [CodingKeys.os, .architecture, .variant, .osVersion, .osFeatures] {
            changed.other[key.stringValue] = nil
        }
        return changed
    }

    /// The platform with its spellings repaired.
    public var platform: Platform {
        Platform(os: os, architecture: architecture, variant: variant, osVersion: osVersion, osFeatures: osFeatures)
    }

    /// Whether it says nothing, as that of an attestation.
    public var isUnknown: Bool {
        os.isEmpty || architecture.isEmpty || os == "unknown" || architecture == "unknown"
    }

    /// Whether it is 32-bit ARM of a version that is not said.
    var lacksVariant: Bool { architecture.lowercased() == "arm" && variant == nil }

    /// What clients make of it before they compare.
    var key: PlatformKey { PlatformKey(reading: self) }
}

extension WrittenPlatform: CustomStringConvertible {
    /// `os/architecture[/variant]` as written.
    public var description: String { "\(os)/\(architecture)" + (variant.map { "/\($0)" } ?? "") }
}

/// What clients compare: containerd's reading of a platform, which knows fewer spellings than ``Platform`` does.
struct PlatformKey: Hashable {
    var os: String
    var architecture: String
    var variant: String?

    init(_ platform: Platform) {
        self.os = platform.os
        self.architecture = platform.architecture
        self.variant = platform.variant
    }

    /// Reads a platform by the rules of containerd's `platforms.Normalize`.
    init(reading written: WrittenPlatform) {
        let variant = written.variant.flatMap { $0.isEmpty ? nil : $0.lowercased() }
        let architecture = written.architecture.lowercased()
        self.os = written.os.lowercased() == "macos" ? "darwin" : written.os.lowercased()
        switch (architecture, variant) {
        case ("i386", _): (self.architecture, self.variant) = ("386", nil)
        case ("x86_64", _), ("x86-64", _), ("amd64", _):
            (self.architecture, self.variant) = ("amd64", variant == "v1" ? nil : variant)
        case ("aarch64", "8"), ("aarch64", "v8"), ("aarch64", "v8.0"), ("arm64", "8"), ("arm64", "v8"),
            ("arm64", "v8.0"):
            (self.architecture, self.variant) = ("arm64", nil)
        case ("aarch64", _): (self.architecture, self.variant) = ("arm64", variant)
        case ("armhf", _): (self.architecture, self.variant) = ("arm", "v7")
        case ("armel", _): (self.architecture, self.variant) = ("arm", "v6")
        case ("arm", nil): (self.architecture, self.variant) = ("arm", "v7")
        case ("arm", let given?) where ["5", "6", "7", "8"].contains(given):
            (self.architecture, self.variant) = ("arm", "v" + given)
        default: (self.architecture, self.variant) = (architecture, variant)
        }
    }
}

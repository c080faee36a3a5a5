// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What an image runs on: operating system, architecture and, where one architecture has several, the variant.
///
/// Values are normalised as containerd's `platforms` package does (image-index.md, "platform"): `arm64` has no
/// variant unless it is above `v8`, `arm` always has one (`v7` when none was given), `amd64/v1` is `amd64`.
public struct Platform: Hashable, Sendable {
    /// The operating system in Go's spelling.
    public var os: String
    /// The architecture in Go's spelling.
    public var architecture: String
    /// The variant, as in `v7`; nil where the architecture needs none.
    public var variant: String?
    /// The operating system's version; only Windows images have it.
    public var osVersion: String?
    /// Features that the operating system must have.
    public var osFeatures: [String]?

    /// Makes a normalised platform of values that are known to be good, as from an image's config.
    public init(
        os: String, architecture: String, variant: String? = nil, osVersion: String? = nil,
        osFeatures: [String]? = nil
    ) {
        let architecture = architecture.lowercased()
        let alias = ArchitectureTable.alias(architecture)
        self.os = os.lowercased() == "macos" ? "darwin" : os.lowercased()
        self.architecture = alias?.architecture ?? architecture
        self.variant = Self.normalise(
            variant: variant?.lowercased() ?? alias?.variant, architecture: self.architecture)
        self.osVersion = osVersion.flatMap { $0.isEmpty ? nil : $0 }
        self.osFeatures = osFeatures
    }

    /// Parses `os/architecture[/variant]`, `architecture/variant` or an architecture alone, in any of the spellings that people use
    /// (`linux/aarch64`, `armv7l`, `x86_64`, `arm32v6`).
    ///
    /// - Throws: ``OCIError/unknownPlatform(_:suggestion:)``.
    public init(_ text: String) throws(OCIError) {
        var parts = text.lowercased().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        // An architecture and a variant, as in arm/v7: no operating system is called like an architecture.
        if parts.count == 2, let alias = ArchitectureTable.alias(parts[0]),
            ArchitectureTable.isVariant(parts[1], of: alias.architecture)
        {
            parts.insert("linux", at: 0)
        }
        let os: String
        let architecture: String
        let variant: String?
        switch parts.count {
        case 1: (os, architecture, variant) = ("linux", parts[0], nil)
        case 2: (os, architecture, variant) = (parts[0], parts[1], nil)
        case 3: (os, architecture, variant) = (parts[0], parts[1], parts[2])
        default: throw .unknownPlatform(text, suggestion: nil)
        }
        guard os == "macos" || Self.operatingSystems.contains(os), let alias = ArchitectureTable.alias(architecture)
        else {
            throw .unknownPlatform(
                text, suggestion: Self.suggestion(os: os, architecture: architecture, variant: variant))
        }
        if let variant, !ArchitectureTable.isVariant(variant, of: alias.architecture) {
            let known = ArchitectureTable.variants(of: alias.architecture).last.map { "/\($0)" } ?? ""
            throw .unknownPlatform(text, suggestion: "\(os)/\(alias.architecture)\(known)")
        }
        self.init(os: os, architecture: alias.architecture, variant: variant ?? alias.variant)
    }

    /// The machine that this program was compiled for.
    public static var host: Platform {
        #if arch(x86_64)
            Platform(os: "linux", architecture: "amd64")
        #elseif arch(arm64)
            Platform(os: "linux", architecture: "arm64")
        #elseif arch(arm)
            Platform(os: "linux", architecture: "arm", variant: "v7")
        #elseif arch(i386)
            Platform(os: "linux", architecture: "386")
        #elseif arch(riscv64)
            Platform(os: "linux", architecture: "riscv64")
        #elseif arch(powerpc64le)
            Platform(os: "linux", architecture: "ppc64le")
        #else
            Platform(os: "linux", architecture: "s390x")
        #endif
    }

    /// The platforms whose images a machine of this platform runs, best first: what it is, then older variants,
    /// then the 32-bit sister.
    public var runnable: [Platform] {
        var list = [self]
        let order = ArchitectureTable.variants(of: architecture)
        switch architecture {
        case "arm", "amd64":
            let own = variant ?? order.first
            if let index = order.firstIndex(where: { $0 == own }) {
                list += order[..<index].reversed().map { Platform(os: os, architecture: architecture, variant: $0) }
            }
            if architecture == "amd64" { list.append(Platform(os: os, architecture: "386")) }
        case "arm64":
            list += ArchitectureTable.olderArm64(variant).map {
                Platform(os: os, architecture: architecture, variant: $0)
            }
            list += ["v8", "v7", "v6", "v5"].map { Platform(os: os, architecture: "arm", variant: $0) }
        case "sparc" where variant != nil: list.append(Platform(os: os, architecture: architecture))
        default: break
        }
        return list
    }

    /// The platforms whose base images do for a build that targets this platform, best first: older variants of
    /// the same architecture and the same architecture without a variant, never another architecture.
    public var acceptableBases: [Platform] {
        runnable.filter { $0.architecture == architecture }
    }

    private static let operatingSystems: Set<String> = [
        "linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "solaris", "illumos", "aix", "android",
        "dragonfly", "plan9", "wasip1",
    ]

    private static func normalise(variant: String?, architecture: String) -> String? {
        var variant = variant.flatMap { $0.isEmpty ? nil : $0 }
        if let given = variant, let first = given.first, first.isNumber { variant = "v" + given }
        switch (architecture, variant) {
        case ("arm64", "v8"), ("arm64", "v8.0"), ("arm64", "armv8"), ("amd64", "v1"): return nil
        case ("arm", nil): return "v7"
        case ("arm", let given?) where given.hasPrefix("armv"): return String(given.dropFirst(3))
        default: return variant
        }
    }

    private static func suggestion(os: String, architecture: String, variant: String?) -> String? {
        let os = Spelling.nearest(to: os, among: operatingSystems) ?? "linux"
        if let meanings = GivenPlatform.ambiguous[architecture] { return GivenPlatform.either(meanings, os: os) }
        guard let architecture = Spelling.nearest(to: architecture, among: ArchitectureTable.spellings) else {
            return nil
        }
        return "\(os)/\(architecture)" + (variant.map { "/\($0)" } ?? "")
    }
}

extension Platform: CustomStringConvertible {
    /// `os/architecture[/variant]`.
    public var description: String { "\(os)/\(architecture)" + (variant.map { "/\($0)" } ?? "") }
}

extension Platform: Codable {
    enum CodingKeys: String, CodingKey {
        case architecture, os
        case osVersion = "os.version"
        case osFeatures = "os.features"
        case variant
    }

    /// Reads a platform, which says an operating system and an architecture at least (image-index.md, "platform").
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            os: try container.decode(String.self, forKey: .os),
            architecture: try container.decode(String.self, forKey: .architecture),
            variant: try container.decodeIfPresent(String.self, forKey: .variant),
            osVersion: try container.decodeIfPresent(String.self, forKey: .osVersion),
            osFeatures: try container.decodeIfPresent([String].self, forKey: .osFeatures))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(architecture, forKey: .architecture)
        try container.encode(os, forKey: .os)
        try container.encodeIfPresent(osVersion, forKey: .osVersion)
        try container.encodeIfPresent(osFeatures, forKey: .osFeatures)
        try container.encodeIfPresent(variant, forKey: .variant)
    }
}

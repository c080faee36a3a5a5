// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A platform that a person named for an image, with a note when it was not written as lists write it.
///
/// Stricter than ``Platform/init(_:)``, because what it names is published: words that mean several platforms (`x86`,
/// `arm32`) are refused, as are variants that the architecture does not have.
public struct GivenPlatform: Hashable, Sendable {
    /// What lists write.
    public let platform: Platform
    /// What was understood, when it is not what was written.
    public let note: String?

    /// Reads `os/architecture[/variant]`, or an architecture alone. The operating system may have a version and
    /// features, as in `windows(10.0.17763+win32k)/amd64` (containerd's `platforms`).
    ///
    /// - Throws: ``OCIError/unknownPlatform(_:suggestion:)``.
    public init(_ text: String) throws(OCIError) {
        guard let open = text.firstIndex(of: "("), let close = text.firstIndex(of: ")"), open < close else {
            try self.init(text, osVersion: nil, osFeatures: nil)
            return
        }
        let plain = String(text[..<open] + text[text.index(after: close)...])
        let options = text[text.index(after: open)..<close].split(separator: "+", omittingEmptySubsequences: false)
        try self.init(
            plain, osVersion: options.first.map(String.init), osFeatures: options.dropFirst().map(String.init))
    }

    /// Puts a platform together from what flags said, over what is known already.
    ///
    /// A new architecture drops the variant of the old one.
    ///
    /// - Throws: ``OCIError/unknownPlatform(_:suggestion:)``.
    public init(
        os: String? = nil, architecture: String? = nil, variant: String? = nil, osVersion: String? = nil,
        osFeatures: [String]? = nil, over known: Platform? = nil
    ) throws(OCIError) {
        var text = "\(os ?? known?.os ?? "linux")/\(architecture ?? known?.architecture ?? "")"
        if let variant = variant ?? (architecture == nil ? known?.variant : nil), !variant.isEmpty {
            text += "/\(variant)"
        }
        let changed = os != nil || architecture != nil || variant != nil
        let given = try GivenPlatform(
            text, osVersion: osVersion ?? known?.osVersion, osFeatures: osFeatures ?? known?.osFeatures)
        platform = given.platform
        note = changed ? given.note : nil
    }

    private init(_ text: String, osVersion: String?, osFeatures: [String]?) throws(OCIError) {
        var parts = text.lowercased().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 1 { parts.insert("linux", at: 0) }
        try Self.refuseAmbiguous(parts, as: text)
        let parsed: Platform
        do {
            parsed = try Platform(parts.joined(separator: "/"))
        } catch .unknownPlatform(_, let suggestion) {
            throw .unknownPlatform(text, suggestion: Self.variants(parts) ?? suggestion)
        }
        platform = Platform(
            os: parsed.os, architecture: parsed.architecture, variant: parsed.variant, osVersion: osVersion,
            osFeatures: osFeatures.flatMap { $0.isEmpty ? nil : Array(Set($0)).sorted() })
        note = Self.note(on: parts, written: text, as: platform)
    }

    /// Words that stand for several platforms, with what they may mean.
    static let ambiguous: [String: [String]] = [
        "x86": ["amd64", "386"],
        "arm32": ["arm/v7", "arm/v6", "arm/v5"],
        "x32": ["amd64", "386"],
    ]

    private static func refuseAmbiguous(_ parts: [String], as text: String) throws(OCIError) {
        guard parts.count > 1 else { return }
        if let meanings = ambiguous[parts[1]] {
            // A variant may say which of them is meant.
            let chosen = parts.count == 3 ? meanings.filter { $0.hasSuffix("/\(parts[2])") } : []
            throw .unknownPlatform(text, suggestion: either(chosen.isEmpty ? meanings : chosen, os: parts[0]))
        }
        // A spelling with a variant in it beside another variant, as in arm32v6/v7.
        guard parts.count == 3, let alias = ArchitectureTable.alias(parts[1]), let implied = alias.variant,
            Platform(os: parts[0], architecture: alias.architecture, variant: parts[2]).variant != implied
        else { return }
        throw .unknownPlatform(
            text,
            suggestion: either(["\(alias.architecture)/\(implied)", "\(alias.architecture)/\(parts[2])"], os: parts[0]))
    }

    /// What to write in place of a variant that the architecture does not have.
    private static func variants(_ parts: [String]) -> String? {
        guard parts.count == 3, let alias = ArchitectureTable.alias(parts[1]),
            !ArchitectureTable.isVariant(parts[2], of: alias.architecture)
        else { return nil }
        var meanings = ArchitectureTable.variants(of: alias.architecture).map { "\(alias.architecture)/\($0)" }
        if alias.architecture == "arm64" {
            let asArm = ArchitectureTable.isVariant(parts[2], of: "arm")
            let arm = Platform(os: "linux", architecture: "arm", variant: parts[2])
            meanings = ["arm64"] + (asArm ? ["arm/\(arm.variant ?? "v7")"] : [])
        } else if alias.architecture == "amd64" {
            meanings[0] = "amd64"
        } else if meanings.isEmpty {
            meanings = [alias.architecture]
        }
        return either(meanings, os: parts[0])
    }

    static func either(_ meanings: [String], os: String) -> String {
        let names = meanings.map { "\(os)/\($0)" }
        guard let last = names.last, names.count > 1 else { return names.joined() }
        return names.dropLast().joined(separator: ", ") + " or " + last
    }

    private static func note(on parts: [String], written: String, as platform: Platform) -> String? {
        switch parts.count > 1 ? parts[1] : "" {
        case "armhf":
            return "\"\(written)\" is \(platform), as Debian means it; Alpine and Raspbian mean linux/arm/v6"
        case "armel":
            return "\"\(written)\" is \(platform), as clients read it; Debian's armel runs on linux/arm/v5"
        case "arm" where parts.count == 2:
            return "\"\(written)\" has no variant; clients read it as \(platform)"
        default:
            break
        }
        if platform.architecture == "arm", platform.variant == "v8" {
            return "\(platform) is 32-bit code for ARMv8; 64-bit images are \(platform.os)/arm64"
        }
        let whole = written.contains("/") ? written : "linux/" + written
        return whole == platform.description ? nil : "\"\(written)\" is \(platform)"
    }
}

extension Platform {
    /// The platform with the version and the features of its operating system:
    /// `windows(10.0.17763+win32k)/amd64`.
    public var fullName: String {
        guard osVersion != nil || osFeatures?.isEmpty == false else { return description }
        let options = (osVersion ?? "") + (osFeatures ?? []).map { "+\($0)" }.joined()
        return "\(os)(\(options))/\(architecture)" + (variant.map { "/\($0)" } ?? "")
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Which entry of a list is meant.
public enum EntrySelector: Hashable, Sendable {
    /// Every entry with this digest.
    case digest(Digest)
    /// The entry for this platform; a version of the operating system narrows it down.
    case platform(Platform)

    /// Reads a digest, a reference with a digest, or a platform.
    ///
    /// - Throws: ``OCIError/invalidDigest(_:)``, ``OCIError/unknownPlatform(_:suggestion:)``.
    public init(_ text: String) throws(OCIError) {
        if let at = text.lastIndex(of: "@") {
            self = .digest(try Digest(String(text[text.index(after: at)...])))
        } else if text.hasPrefix("sha256:") || text.hasPrefix("sha512:") {
            self = .digest(try Digest(text))
        } else {
            self = .platform(try GivenPlatform(text).platform)
        }
    }

    /// The positions of what is meant.
    ///
    /// - Throws: ``ListProblem/noSuchEntry(_:available:)``, ``ListProblem/severalEntries(_:digests:)``.
    func places(in index: Index) throws(OCIError) -> [Int] {
        let places = index.manifests.indices.filter { matches(index.manifests[$0]) }
        guard !places.isEmpty else {
            throw .list(.noSuchEntry(description, available: index.platforms.map(\.fullName)))
        }
        if case .platform = self, places.count > 1 {
            throw .list(.severalEntries(description, digests: places.map { index.manifests[$0].digest }))
        }
        return places
    }

    private func matches(_ entry: Descriptor) -> Bool {
        switch self {
        case .digest(let digest): return entry.digest == digest
        case .platform(let platform):
            guard !entry.isAttestation, let own = entry.platform else { return false }
            return own.os == platform.os && own.architecture == platform.architecture
                && own.variant == platform.variant
                && (platform.osVersion == nil || own.osVersion == platform.osVersion)
                && (platform.osFeatures == nil || Set(own.osFeatures ?? []) == Set(platform.osFeatures ?? []))
        }
    }
}

extension EntrySelector: CustomStringConvertible {
    public var description: String {
        switch self {
        case .digest(let digest): digest.description
        case .platform(let platform): platform.fullName
        }
    }
}

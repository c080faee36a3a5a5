// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What goes into a manifest list: a descriptor with the platform that the list is to show.
public struct ListEntry: Hashable, Sendable {
    /// The descriptor as the list will have it.
    public let descriptor: Descriptor
    /// What a person should know about the platform.
    public let notes: [String]

    /// Takes a descriptor as it is.
    public init(asIs descriptor: Descriptor) {
        self.init(descriptor: descriptor, notes: [])
    }

    private init(descriptor: Descriptor, notes: [String]) {
        self.descriptor = descriptor
        self.notes = notes
    }

    /// Makes an entry of an image, an artifact or an attestation.
    ///
    /// The platform is the one given by hand, else the config's, with a variant from the list that the descriptor came
    /// from where the config has none, else that list's.
    ///
    /// - Parameters:
    ///   - descriptor: as the registry or another list has it.
    ///   - manifest: tells artifacts from images.
    ///   - config: the platform in the image's config, as written there.
    ///   - given: the platform that a person named.
    /// - Throws: ``ListProblem/noPlatform(_:)`` for an image of which nothing says what it is for.
    public init(
        _ descriptor: Descriptor, manifest: Manifest? = nil, config: WrittenPlatform? = nil,
        given: GivenPlatform? = nil
    ) throws(OCIError) {
        var entry = descriptor
        if entry.isAttestation {
            self.init(asIs: entry)
            return
        }
        let known = entry.platform.flatMap { WrittenPlatform($0).isUnknown ? nil : $0 }
        if manifest?.isArtifact == true, given == nil, known == nil {
            entry.artifactType = entry.artifactType ?? manifest?.artifactType ?? manifest?.config.mediaType.rawValue
            entry.platform = nil
            self.init(asIs: entry)
            return
        }
        var notes: [String] = []
        let config = config.flatMap { $0.isUnknown ? nil : $0 }
        if let given {
            entry.platform = given.platform
            if let note = given.note { notes.append(note) }
            if let config, !Self.agrees(config, given.platform) {
                notes.append("\(entry.digest.short) goes in as \(given.platform), though its config says \(config)")
            }
        } else if let config {
            entry.platform = config.platform
            let isSame = known.map { $0.os == config.platform.os && $0.architecture == config.platform.architecture }
            if let known, isSame == true {
                if config.variant == nil { entry.platform?.variant = known.variant }
                if config.osVersion == nil { entry.platform?.osVersion = known.osVersion }
                if config.osFeatures == nil { entry.platform?.osFeatures = known.osFeatures }
            } else if let known {
                notes.append("\(entry.digest.short) was listed as \(known), but its config says \(config)")
            }
            if config.architecture.lowercased() == "arm", config.variant == nil, known == nil || isSame == false {
                notes.append("the config of \(entry.digest.short) has no variant of arm; clients read it as v7")
            }
        } else {
            entry.platform = known
        }
        guard entry.platform != nil || entry.mediaType.isIndex else { throw .list(.noPlatform(entry.digest)) }
        self.init(descriptor: entry, notes: notes)
    }

    /// Whether a config says the same as a platform, or less.
    static func agrees(_ config: WrittenPlatform, _ platform: Platform) -> Bool {
        let own = config.platform
        return own.os == platform.os && own.architecture == platform.architecture
            && (config.variant == nil && own.architecture == "arm" || own.variant == platform.variant)
    }
}

extension Index {
    /// What a list that is a source of another list gives to it.
    ///
    /// - Parameters:
    ///   - platforms: which images are wanted; all when empty. Each takes the image that a client of that platform
    ///     would take.
    ///   - attestations: whether the attestations of those images come along.
    /// - Throws: ``ListProblem/noSuchEntry(_:available:)``.
    public func selection(
        of platforms: [Platform] = [], attestations: AttestationPolicy = .keep
    ) throws(OCIError) -> [Descriptor] {
        var chosen: [Descriptor] = []
        if platforms.isEmpty {
            chosen = manifests.filter { !$0.isAttestation }
        }
        for platform in platforms {
            guard let match = manifest(for: platform) else {
                throw .list(.noSuchEntry(platform.fullName, available: self.platforms.map(\.fullName)))
            }
            if !chosen.contains(match) { chosen.append(match) }
        }
        guard attestations == .keep else { return chosen }
        let digests = Set(chosen.map(\.digest))
        return chosen
            + manifests.filter { entry in
                guard case .attestation(let subject?) = entry.role else { return false }
                return digests.contains(subject)
            }
    }
}

/// What becomes of attestations.
public enum AttestationPolicy: String, Hashable, Sendable, CaseIterable {
    /// They stay as long as the image stays that they are about.
    case keep
    /// They are left out.
    case drop
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What an entry is in a manifest list.
public enum EntryRole: Hashable, Sendable {
    /// An image that clients look for by its platform.
    case image
    /// What is known about how an image of the list was made: an entry for `unknown/unknown` with BuildKit's annotations.
    case attestation(of: Digest?)
    /// An artifact without a platform.
    case artifact
    /// Another list.
    case list

    /// The annotation that says what an entry is to another one.
    public static let referenceType = "vnd.docker.reference.type"
    /// The annotation that names the entry which another one is about.
    public static let referenceDigest = "vnd.docker.reference.digest"
    /// The value of ``referenceType`` of attestations.
    public static let attestationManifest = "attestation-manifest"

    init(mediaType: MediaType?, isUnknown: Bool?, artifactType: String?, annotations: [String: String]?) {
        let subject = annotations?[Self.referenceDigest].flatMap { try? Digest($0) }
        if annotations?[Self.referenceType] == Self.attestationManifest || (isUnknown == true && subject != nil) {
            self = .attestation(of: subject)
        } else if mediaType?.isIndex == true {
            self = .list
        } else if artifactType != nil, isUnknown != false {
            self = .artifact
        } else {
            self = .image
        }
    }
}

extension Descriptor {
    /// What the entry is in a list.
    public var role: EntryRole {
        EntryRole(
            mediaType: mediaType, isUnknown: platform.map { WrittenPlatform($0).isUnknown },
            artifactType: artifactType, annotations: annotations)
    }

    /// Whether the entry is an attestation.
    public var isAttestation: Bool {
        if case .attestation = role { true } else { false }
    }
}

extension Manifest {
    /// Whether this is an artifact rather than an image: its type says so, or its config is no image's.
    public var isArtifact: Bool {
        artifactType != nil || (config.mediaType != .ociConfig && config.mediaType != .dockerConfig)
    }
}

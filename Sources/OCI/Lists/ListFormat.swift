// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// Whose document a list is.
public enum ListFormat: String, Hashable, Sendable, CaseIterable {
    /// An OCI image index.
    case oci
    /// Docker's manifest list, for registries and clients from before the OCI's.
    case docker

    /// The media type of a list of this format.
    public var mediaType: MediaType {
        switch self {
        case .oci: .ociIndex
        case .docker: .dockerManifestList
        }
    }
}

extension Index {
    /// Whose document the index is; OCI's where it does not say.
    public var format: ListFormat { mediaType == .dockerManifestList ? .docker : .oci }
}

extension ListEditor {
    /// Makes the list one of another format.
    ///
    /// Only the list changes: images keep their manifests, because other bytes would be other digests. What Docker's
    /// format has no place for is left out, and the log says so.
    public mutating func convert(to format: ListFormat) {
        var index = index
        var sentences: [String] = []
        index.mediaType = format.mediaType
        if format == .docker {
            func leaveOut(_ what: String, where isGone: (Descriptor) -> Bool) {
                let count = index.manifests.count
                index.manifests.removeAll(where: isGone)
                let gone = count - index.manifests.count
                if gone > 0 { sentences.append("left out \(gone) \(what)\(gone == 1 ? "" : "s"): \(Self.reason)") }
            }
            leaveOut("attestation", where: \.isAttestation)
            leaveOut("artifact") { $0.role == .artifact }
            let hasAnnotations = index.annotations != nil || index.manifests.contains { $0.annotations != nil }
            if hasAnnotations { sentences.append("left out the annotations: \(Self.reason)") }
            if index.subject != nil { sentences.append("left out the subject: \(Self.reason)") }
            index.annotations = nil
            index.subject = nil
            index.artifactType = nil
            for place in index.manifests.indices {
                index.manifests[place].annotations = nil
                index.manifests[place].artifactType = nil
            }
        }
        let foreign = index.manifests.filter {
            format == .docker ? $0.mediaType.docker != $0.mediaType : $0.mediaType.oci != $0.mediaType
        }
        if !foreign.isEmpty {
            let names = foreign.map { $0.platform?.fullName ?? $0.digest.short }.joined(separator: ", ")
            sentences.append(
                "\(names): the manifest\(foreign.count == 1 ? " stays" : "s stay") "
                    + (format == .docker ? "in OCI's format" : "in Docker's format"))
        }
        replace(index: index, sentences)
    }

    private static let reason = "a Docker manifest list has no place for them"
}

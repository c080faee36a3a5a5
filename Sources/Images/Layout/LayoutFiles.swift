// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
package import OCI

/// The files of an OCI image layout (image-spec image-layout.md) and of Docker's archive, which is one with a file more.
package enum LayoutFiles {
    package static let indexName = "index.json"
    package static let versionName = "oci-layout"
    package static let dockerManifestName = "manifest.json"
    /// What the file `oci-layout` says.
    package static let version = Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)

    /// The name of a blob's file.
    package static func path(of digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.encoded)" }

    /// The bytes of manifest.json, which older Dockers and podman read (Docker's image specification 1.2, "Combined
    /// image JSON + filesystem changeset format").
    package static func dockerManifest(
        _ images: [(config: Descriptor, layers: [Descriptor])], named tags: [Reference]
    ) throws -> [UInt8] {
        let names = tags.filter { $0.tag != nil }.map(\.familiar)
        return try encode(
            images.map { image in
                DockerArchiveEntry(
                    config: path(of: image.config.digest), repoTags: names.isEmpty ? nil : names,
                    layers: image.layers.map { path(of: $0.digest) })
            })
    }

    /// JSON that is the same for the same value.
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try Array(encoder.encode(value))
    }
}

/// One image in the manifest.json of Docker's archive.
struct DockerArchiveEntry: Codable {
    var config: String
    var repoTags: [String]?
    var layers: [String]

    enum CodingKeys: String, CodingKey {
        case config = "Config"
        case repoTags = "RepoTags"
        case layers = "Layers"
    }
}

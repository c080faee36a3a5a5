// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// What the bytes behind a descriptor are (image-spec media-types.md, and Docker's schema 2 twins).
public struct MediaType: RawRepresentable, Hashable, Sendable, Codable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    public static let ociIndex = MediaType(rawValue: "application/vnd.oci.image.index.v1+json")
    public static let ociManifest = MediaType(rawValue: "application/vnd.oci.image.manifest.v1+json")
    public static let ociConfig = MediaType(rawValue: "application/vnd.oci.image.config.v1+json")
    public static let ociLayer = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar")
    public static let ociLayerGzip = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar+gzip")
    public static let ociLayerZstd = MediaType(rawValue: "application/vnd.oci.image.layer.v1.tar+zstd")

    public static let dockerManifestList = MediaType(
        rawValue: "application/vnd.docker.distribution.manifest.list.v2+json")
    public static let dockerManifest = MediaType(rawValue: "application/vnd.docker.distribution.manifest.v2+json")
    public static let dockerConfig = MediaType(rawValue: "application/vnd.docker.container.image.v1+json")
    public static let dockerLayerGzip = MediaType(rawValue: "application/vnd.docker.image.rootfs.diff.tar.gzip")
    public static let dockerLayer = MediaType(rawValue: "application/vnd.docker.image.rootfs.diff.tar")

    /// Whether this is an OCI index or a Docker manifest list.
    public var isIndex: Bool { self == .ociIndex || self == .dockerManifestList }

    /// Whether this is a manifest of one image.
    public var isManifest: Bool { self == .ociManifest || self == .dockerManifest }

    /// The OCI media type for the same kind of bytes: an OCI manifest may name a Docker layer, but new manifests
    /// are written with one family only.
    public var oci: MediaType {
        switch self {
        case .dockerManifestList: .ociIndex
        case .dockerManifest: .ociManifest
        case .dockerConfig: .ociConfig
        case .dockerLayerGzip: .ociLayerGzip
        case .dockerLayer: .ociLayer
        default: self
        }
    }
}

extension MediaType {
    /// Docker's media type for the same kind of bytes, where there is one.
    public var docker: MediaType {
        switch self {
        case .ociIndex: .dockerManifestList
        case .ociManifest: .dockerManifest
        case .ociConfig: .dockerConfig
        case .ociLayerGzip: .dockerLayerGzip
        case .ociLayer: .dockerLayer
        default: self
        }
    }
}

extension MediaType: CustomStringConvertible {
    public var description: String { rawValue }
}

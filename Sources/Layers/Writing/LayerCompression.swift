// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// How a layer's tar bytes are stored.
public enum LayerCompression: Hashable, Sendable {
    /// As they are.
    case none
    /// Gzip by libdeflate, a member for each MiB; levels 0 (none) and 1 (fast) to 12 (small).
    case gzip(level: Int)
    /// Zstandard by libzstd, a frame for each MiB; levels 1 (fast) to 22 (small).
    case zstd(level: Int)

    /// Gzip at the level that is used when nothing else is asked for.
    public static let standard = LayerCompression.gzip(level: 6)

    /// The OCI media type of a layer that is stored this way.
    public var mediaType: MediaType {
        switch self {
        case .none: .ociLayer
        case .gzip: .ociLayerGzip
        case .zstd: .ociLayerZstd
        }
    }
}

extension LayerCompression: CustomStringConvertible {
    /// `gzip-6`, `zstd-3`, `tar`.
    public var description: String {
        switch self {
        case .none: "tar"
        case .gzip(let level): "gzip-\(level)"
        case .zstd(let level): "zstd-\(level)"
        }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
import OCI

/// How a result is written down for one destination. The files and the configs stay; compression, media types and
/// annotations make other manifests and other digests.
public struct ImageForm: Sendable, Hashable {
    /// Whose media types the documents have.
    public var mediaTypes = MediaTypes.oci
    /// How layers are compressed; nil for as they are.
    public var compression: Compression?
    /// Whether layers of base images are compressed anew, too, and not only those made here.
    public var recompressesBases = false
    /// Whether files in layers of earlier builds get no later time than SOURCE_DATE_EPOCH.
    public var clampsTimes = false
    public var annotations = ImageAnnotations()

    public init() {}

    public enum MediaTypes: Sendable, Hashable {
        case oci
        /// Those of Docker's schema 2, which know neither annotations nor zstd.
        case docker
    }

    /// A way to compress, and how hard.
    public struct Compression: Sendable, Hashable {
        public enum Method: String, Sendable, CaseIterable { case uncompressed, gzip, zstd }

        public var method: Method
        /// nil leaves layers that are compressed this way as they are.
        public var level: Int?

        public init(_ method: Method, level: Int? = nil) {
            self.method = method
            self.level = level
        }

        /// What new blobs are made with.
        var layerCompression: LayerCompression {
            switch method {
            case .uncompressed: .none
            case .gzip: level.map { .gzip(level: $0) } ?? .standard
            case .zstd: .zstd(level: level.flatMap { $0 == 0 ? nil : $0 } ?? 3)
            }
        }
    }
}

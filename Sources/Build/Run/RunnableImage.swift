// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Images
public import OCI
import Store

/// A finished image of one platform, wherever it lies.
public struct RunnableImage: Sendable {
    /// What people call it.
    public let title: String
    public let platform: Platform
    public let config: ImageConfig
    let layers: [Layer]
    let source: any LayerSource

    /// - Parameters:
    ///   - platform: the machine that the image is run for.
    ///   - config: the image's, which names the layers' diff IDs.
    ///   - manifest: the image's.
    ///   - reader: has the layers that the store lacks.
    public init(platform: Platform, config: ImageConfig, manifest: Manifest, from reader: any ImageReader) {
        title = reader.title
        self.platform = platform
        self.config = config
        let origin = reader.repository ?? Reference(registry: "image:/", repository: reader.title, tag: reader.tag)
        layers = zip(manifest.layers, config.rootfs.diffIDs).map { blob, diffID in
            Layer(diffID: diffID, blob: blob, origin: origin)
        }
        source = PlacedLayers(reader: reader)
    }

    /// An image that a build has made.
    init(title: String, platform: Platform, config: ContainerConfig, layers: [Layer], source: any LayerSource) {
        self.title = title
        self.platform = platform
        self.config = ImageConfig(platform: platform, config: config, diffIDs: layers.map(\.diffID))
        self.layers = layers
        self.source = source
    }
}

/// The layers of an image that lies somewhere.
private struct PlacedLayers: LayerSource {
    let reader: any ImageReader

    func fetch(
        _ blob: Descriptor, of reference: Reference, into store: Store,
        progress: @escaping @Sendable (_ completed: Int64) -> Void
    ) async throws {
        try await reader.keep(blob, in: store, progress: progress)
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Audit
import Layers
import OCI

/// One platform's image as an audit sees it.
struct AuditedImage {
    /// One layer of the image.
    struct Layer {
        let origin: AuditFinding.LayerOrigin
        /// What is in it; nil when nobody has looked.
        let content: Content?
        /// Whether it came with the base: scripts of other people's packages that want an interpreter which is not
        /// installed are as they are.
        var isInherited = false

        struct Content {
            let index: LayerIndex
            let facts: LayerFacts
        }
    }

    let platform: Platform
    let config: ContainerConfig
    /// Lowest first.
    let layers: [Layer]
}

extension ImageConfig {
    /// What the history says of each layer; empty where it does not go with the layers.
    var instructionsOfLayers: [String?] {
        let entries = (history ?? []).filter { $0.emptyLayer != true }
        guard entries.count == rootfs.diffIDs.count else { return [] }
        return entries.map { $0.createdBy ?? $0.comment }
    }
}

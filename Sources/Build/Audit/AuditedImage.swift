// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Audit
package import Layers
package import OCI

/// One platform's image as an audit sees it.
package struct AuditedImage {
    /// One layer of the image.
    package struct Layer {
        let origin: AuditFinding.LayerOrigin
        /// What is in it; nil when nobody has looked.
        let content: Content?
        /// Whether it came with the base: scripts of other people's packages that want an interpreter which is not
        /// installed are as they are.
        let isInherited: Bool

        package struct Content {
            let index: LayerIndex
            let facts: LayerFacts

            package init(index: LayerIndex, facts: LayerFacts) {
                self.index = index
                self.facts = facts
            }
        }

        package init(origin: AuditFinding.LayerOrigin, content: Content?, isInherited: Bool = false) {
            self.origin = origin
            self.content = content
            self.isInherited = isInherited
        }
    }

    let platform: Platform
    let config: ContainerConfig
    /// Lowest first.
    let layers: [Layer]

    package init(platform: Platform, config: ContainerConfig, layers: [Layer]) {
        self.platform = platform
        self.config = config
        self.layers = layers
    }
}

extension ImageConfig {
    /// What the history says of each layer; empty where it does not go with the layers.
    var instructionsOfLayers: [String?] {
        let entries = (history ?? []).filter { $0.emptyLayer != true }
        guard entries.count == rootfs.diffIDs.count else { return [] }
        return entries.map { $0.createdBy ?? $0.comment }
    }
}

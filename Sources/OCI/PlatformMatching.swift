// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

extension Index {
    /// The manifest for `platform`: of the entries whose platform is acceptable the best one, and of equals the first
    /// (image-index.md: "the first matching entry"). Entries without a platform and attestations never match.
    public func manifest(for platform: Platform) -> Descriptor? {
        for wanted in platform.acceptableBases {
            let match = manifests.first { entry in
                guard let offered = entry.platform else { return false }
                return offered.os == wanted.os && offered.architecture == wanted.architecture
                    && offered.variant == wanted.variant
            }
            if let match { return match }
        }
        return nil
    }

    /// The platforms that the index has images for, in its order, without attestations.
    public var platforms: [Platform] {
        manifests.compactMap(\.platform).filter { $0.os != "unknown" && $0.architecture != "unknown" }
    }
}

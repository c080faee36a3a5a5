// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// Which version of QEMU somebody wants, for each platform.
public struct QEMUWish: Hashable, Sendable {
    private let general: String?
    private let byPlatform: [Platform: String]

    /// - Parameters:
    ///   - general: the version for all platforms that none is named for; nil takes what there is.
    ///   - byPlatform: versions for platforms.
    public init(general: String? = nil, byPlatform: [Platform: String] = [:]) {
        self.general = general
        self.byPlatform = byPlatform
    }

    /// The version that is wanted for `platform`; one for linux/arm is for its variants as well.
    public func version(for platform: Platform) -> String? {
        if let own = byPlatform[platform] { return own }
        let sisters = byPlatform.filter { other, _ in
            other.os == platform.os && other.architecture == platform.architecture
        }
        return sisters.first { $0.key.variant == nil }?.value ?? general
    }
}

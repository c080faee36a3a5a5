// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// Which names of platforms may be published.
public enum PlatformNaming: Sendable, Hashable {
    /// Those that Go has a port for: every registry and client knows them (image-index.md, "platform").
    case standard
    /// All, as what is copied has them, or as somebody who knows their clients asked for.
    case any

    /// - Throws: ``ImagesError/nonstandardPlatform(_:title:)`` for the first platform that may not be published.
    public func check(_ platforms: [Platform], title: String) throws(ImagesError) {
        if self == .any { return }
        if let platform = platforms.first(where: { !$0.isStandard }) {
            throw .nonstandardPlatform(platform, title: title)
        }
    }
}

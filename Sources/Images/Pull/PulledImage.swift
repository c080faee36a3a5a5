// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// What a client of one platform gets when it pulls an image.
public struct PulledImage: Sendable {
    /// Who asks.
    public let platform: Platform
    /// Which entry of the list it takes; nil where there is no list.
    public let pick: Pick?
    /// What the list says of that entry.
    public let listed: WrittenPlatform?
    /// The manifest.
    public let descriptor: Descriptor
    public let manifest: Manifest
    public let config: ImageConfig
    /// What a person should know of how the image is found.
    public let notes: [String]

    /// The bytes that are transferred: config and layers.
    public var size: Int64 { manifest.config.size + manifest.layers.reduce(0) { $0 + max(0, $1.size) } }

    /// How the client finds it, in a few words.
    public var words: String {
        guard let pick, let listed else { return "the only image" }
        switch pick {
        case .exact: return "\(listed)"
        case .older: return "\(listed) (older variant)"
        case .sister: return "\(listed) (32-bit)"
        case .wrong, .nothing: return "\(listed) (wrong)"
        }
    }
}

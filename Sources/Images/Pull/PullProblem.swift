// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// Why a client of a platform cannot pull an image, or could not run what it gets.
public enum PullProblem: Error, Hashable, Sendable {
    /// Clients find no entry.
    case noMatch(Platform, title: String, listed: [String])
    /// The image is for one platform, and not for this one.
    case otherPlatform(Platform, title: String, actual: String)
    /// The entry says one thing and the image another.
    case disagreement(listed: String, config: String, manifest: Digest)
    /// What the client takes for an image is none.
    case noImage(Digest, reason: String)
    /// A list leads to a list, and so on.
    case tooDeep(title: String)
    /// The config lists more or fewer layers than the manifest.
    case layerCount(manifest: Int, config: Int)
    /// A config or a layer is not there, or not as it should be.
    case part(String, Digest, reason: String)
}

extension PullProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noMatch(let platform, let title, let listed):
            "a client of \(platform) finds nothing in \(title)"
                + (listed.isEmpty ? "" : "; it lists \(listed.joined(separator: ", "))")
        case .otherPlatform(let platform, let title, let actual):
            "\(title) is for \(actual) alone, which \(platform) does not run"
        case .disagreement(let listed, let config, let manifest):
            "the list says that \(manifest.short) is for \(listed), but the image's config says \(config): clients "
                + "of \(listed) would get programs of \(config)"
        case .noImage(let digest, let reason): "\(digest.short) is no image to run: \(reason)"
        case .tooDeep(let title): "the lists of \(title) are nested too deeply"
        case .layerCount(let manifest, let config):
            "the manifest has \(manifest) layers and the config \(config)"
        case .part(let name, let digest, let reason): "\(name) (\(digest.short)): \(reason)"
        }
    }

    /// What to do about it.
    public var remedy: String? {
        switch self {
        case .noMatch: "add an image for it, or look with manifold inspect at what is there"
        case .disagreement: "put the right image into the list, or list this one as what it is"
        case .otherPlatform, .noImage, .tooDeep: nil
        case .layerCount, .part: "build or push the image again"
        }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// Why an image cannot be read from, or written to, where it should be.
public enum ImagesError: Error, Hashable, Sendable {
    /// A text names no place of images.
    case badPlace(String, reason: String, remedy: String?)
    /// The store has no image of a name.
    case notInStore(Reference, names: [String])
    /// A blob of an image is gone.
    case incomplete(title: String, blob: Digest)
    /// A digest was named as the target, and the image has another.
    case otherDigest(named: Digest, actual: Digest, title: String)
    /// An image has nothing for a platform that was asked for.
    case noPlatform(Platform, title: String, available: [Platform])
    /// The target holds one platform, and there are several.
    case severalPlatforms(title: String, available: [Platform])
    /// The target's name stands for something else than it should.
    case moved(title: String, expected: Digest?, actual: Digest?)
    /// Somebody else moved the target's name at the same moment, and theirs stays; it may build on ours.
    case overtaken(title: String, by: Digest)
    /// A manifest that a list is to name is nowhere.
    case entryGone(title: String, names: [String])
    /// A name of a platform that is not to be published unasked.
    case nonstandardPlatform(Platform, title: String)
    /// A list was expected, and the name stands for one image.
    case noList(title: String)
    /// A document of an image cannot be what it should be.
    case badImage(title: String, reason: String)
    /// A file or directory cannot be written; the sentence says why.
    case output(String, remedy: String?)
}

extension ImagesError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .badPlace(let text, let reason, _): "\"\(text)\" is no place of an image: \(reason)"
        case .notInStore(let reference, _): "there is no image called \(reference.familiar) in the store"
        case .incomplete(let title, let blob): "\(title) is not whole: blob \(blob) is missing"
        case .otherDigest(let named, let actual, let title):
            "cannot write \(title): the image's digest is \(actual), not \(named)"
        case .noPlatform(let platform, let title, let available):
            "\(title) has no image for \(platform)"
                + (available.isEmpty ? "" : "; it has \(Self.list(available))")
        case .severalPlatforms(let title, let available):
            "\(title) holds one platform, and the image has \(Self.list(available))"
        case .moved(let title, let expected, let actual):
            "\(title) is left as it is: it is \(actual.map { "\($0)" } ?? "not there") now, not "
                + (expected.map { "\($0)" } ?? "free")
        case .overtaken(let title, let digest):
            "\(title) was changed by somebody else at the same moment: it is \(digest) now, perhaps without this change"
        case .entryGone(let title, let names): "\(title): \(names.joined(separator: ", ")) is not in the registry"
        case .nonstandardPlatform(let platform, let title):
            "\(title) is for \(platform), a name that Go has no port for and few registries and clients know"
        case .noList(let title): "\(title) is one image, not a list"
        case .badImage(let title, let reason): "\(title) cannot be used: \(reason)"
        case .output(let sentence, _): sentence
        }
    }

    /// What to do about it.
    public var remedy: String? {
        switch self {
        case .badPlace(_, _, let remedy), .output(_, let remedy): return remedy
        case .notInStore(let reference, let names):
            if let nearest = Spelling.nearest(to: reference.familiar, among: names) {
                return "did you mean \(nearest)?"
            }
            return "manifold images lists what is there; manifold pull \(reference.familiar) brings it"
        case .incomplete: return "build or pull it again"
        case .otherDigest: return "name a tag, or leave out what changes the image (--platform, --no-attestations)"
        case .noPlatform(_, _, let available):
            return available.first.map { "choose of these, as in --platform \($0)" }
        case .severalPlatforms(_, let available):
            return available.first.map { "choose one, as in --platform \($0)" }
        case .moved(_, _, let actual):
            return "somebody else changed it: look at what it is now with manifold inspect, then run this again; where "
                + "--if-match was given, with --if-match \(actual.map { "\($0)" } ?? "none")"
        case .overtaken:
            return
                "look at what it is now with manifold manifest inspect; when this change is not in it, run this again"
        case .entryGone: return "build or push it again; some registries clean up what has no tag"
        case .nonstandardPlatform: return "publish it all the same with --allow-nonstandard-platform"
        case .noList: return "make a list of it with manifold manifest create"
        case .badImage: return nil
        }
    }

    private static func list(_ platforms: [Platform]) -> String {
        platforms.map(\.description).joined(separator: ", ")
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI

/// What a result is called: names of the whole, and names that one platform's image has for itself.
public struct ImageNames: Sendable, Hashable {
    /// The names of the whole: of the index, or of the only image.
    public var whole: [Reference]
    /// The names of single images beside the whole, by platform.
    public var single: [Platform: [Reference]]

    public init(_ whole: [Reference] = [], single: [Platform: [Reference]] = [:]) {
        self.whole = whole
        self.single = single
    }

    /// Every name, those of the whole first.
    public var all: [Reference] {
        let platforms = single.keys.sorted { $0.description < $1.description }
        return (whole + platforms.flatMap { single[$0] ?? [] }).withoutRepetitions
    }

    /// The same for other names.
    public func map<Failure: Error>(
        _ transform: (Reference) throws(Failure) -> [Reference]
    ) throws(Failure) -> ImageNames {
        var names = ImageNames()
        for name in whole { names.whole += try transform(name) }
        for (platform, list) in single {
            for name in list { names.single[platform, default: []] += try transform(name) }
        }
        return names
    }

    /// The manifests of some images and their root with the names that each gets; one image that has no index around it
    /// gets the names of both.
    func named(_ images: [AssembledImage], root: Descriptor, _ rootBytes: [UInt8]) -> [NamedManifest] {
        var manifests: [NamedManifest] = []
        let isList = root.mediaType.isIndex
        for image in images {
            var descriptor = isList ? image.descriptor : root
            descriptor.platform = nil
            for name in single[image.platform] ?? [] {
                manifests.append(
                    NamedManifest(name: name, descriptor: descriptor, bytes: image.manifest, images: [image]))
            }
        }
        let list = whole.map { NamedManifest(name: $0, descriptor: root, bytes: rootBytes, images: images) }
        return list + manifests.filter { single in !list.contains { $0.name == single.name } }
    }
}

/// A manifest and what it is called.
struct NamedManifest: Sendable {
    var name: Reference
    let descriptor: Descriptor
    let bytes: [UInt8]
    /// The images that are behind it.
    let images: [AssembledImage]
}

extension BuildResult {
    /// The manifests with the names that they get, those of the whole first.
    func named(_ names: ImageNames) -> [NamedManifest] { names.named(images, root: root, rootBytes) }
}

extension Sequence where Element: Hashable {
    /// Each element where it is first.
    package var withoutRepetitions: [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}

extension Sequence<NamedManifest> {
    /// The manifests by their digests, each once in a repository.
    var canonical: [NamedManifest] {
        var seen: Set<Reference> = []
        return map { manifest in
            var manifest = manifest
            manifest.name = manifest.name.with(digest: manifest.descriptor.digest)
            return manifest
        }.filter { seen.insert($0.name).inserted }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
import Registry

/// The small documents of images, wherever they are kept, and the way from them to the image of a platform.
protocol ImageDocuments: Sendable {
    /// A manifest or an index.
    func document(_ descriptor: Descriptor, of reference: Reference) async throws -> FetchedManifest

    /// The bytes of a config.
    func config(_ descriptor: Descriptor, of reference: Reference) async throws -> [UInt8]
}

extension ImageDocuments {
    /// Finds the image of each platform in a manifest or an index, by the rules for bases.
    func resolve(
        _ root: FetchedManifest, _ reference: Reference, for platforms: [Platform]
    ) async throws -> [Platform: BaseResolution] {
        switch try root.content() {
        case .index(let index):
            var found: [Platform: BaseResolution] = [:]
            for platform in platforms {
                guard let entry = index.manifest(for: platform) else {
                    found[platform] = .lacking(available: index.platforms)
                    continue
                }
                let manifest = try await document(entry, of: reference)
                found[platform] = .found(try await image(manifest, of: reference))
            }
            return found
        case .manifest:
            let image = try await image(root, of: reference)
            return Dictionary(
                platforms.map { platform in
                    platform.acceptableBases.contains(image.platform)
                        ? (platform, .found(image)) : (platform, .lacking(available: [image.platform]))
                }
            ) { $1 }
        }
    }

    private func image(_ fetched: FetchedManifest, of reference: Reference) async throws -> BaseImage {
        guard case .manifest(let manifest) = try fetched.content() else {
            throw BaseImageError("it is an index inside an index")
        }
        let bytes = try await config(manifest.config, of: reference)
        let config: ImageConfig
        do { config = try JSONDecoder().decode(ImageConfig.self, from: Data(bytes)) } catch {
            throw BaseImageError("its config \(manifest.config.digest) is not an image config")
        }
        guard config.rootfs.diffIDs.count == manifest.layers.count else {
            throw BaseImageError(
                "its config names \(config.rootfs.diffIDs.count) layers and its manifest \(manifest.layers.count)")
        }
        let layers = zip(config.rootfs.diffIDs, manifest.layers).map { diffID, blob in
            Layer(diffID: diffID, blob: blob, origin: reference)
        }
        return BaseImage(
            reference: reference, digest: fetched.descriptor.digest, platform: config.platform, config: config,
            layers: layers)
    }
}

/// What is wrong with an image; the sentence goes on from the image's name.
struct BaseImageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

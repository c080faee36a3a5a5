// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
public import OCI
public import Registry
public import Store

/// Base images out of registries; an image that was built here under the same name and not pushed comes first.
public struct RegistryImageSource: ImageSource {
    /// Whether an image that was built here may stand for a name.
    public enum LocalImages: Sendable {
        /// Yes, before the registry is asked.
        case first
        /// No.
        case never
    }

    let client: RegistryClient
    let store: Store
    let localImages: LocalImages

    public init(client: RegistryClient, store: Store, localImages: LocalImages = .first) {
        self.client = client
        self.store = store
        self.localImages = localImages
    }

    public func resolve(
        _ reference: Reference, for platforms: [Platform]
    ) async throws -> [Platform: BaseResolution] {
        if let local = try local(reference) {
            let found = try await resolve(local, reference, for: platforms)
            if found.values.allSatisfy(\.isFound) { return found }
            // What is here is not enough; the registry may have more under the name.
            if let remote = try? await remote(reference) { return try await resolve(remote, reference, for: platforms) }
            return found
        }
        return try await resolve(remote(reference), reference, for: platforms)
    }

    private func resolve(
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
                uniqueKeysWithValues: platforms.map { platform in
                    platform.acceptableBases.contains(image.platform)
                        ? (platform, .found(image)) : (platform, .lacking(available: [image.platform]))
                })
        }
    }

    public func fetch(
        _ blob: Descriptor, of reference: Reference, into store: Store,
        progress: @escaping @Sendable (_ completed: Int64) -> Void
    ) async throws {
        let ingest = try store.ingest()
        try await client.pullBlob(blob, from: reference) { bytes in
            try ingest.write(bytes)
            progress(ingest.count)
        }
        try ingest.commit(expected: blob.digest)
    }

    /// The manifest or index that was built here under a name.
    private func local(_ reference: Reference) throws -> FetchedManifest? {
        guard localImages == .first, let local = try store.image(named: reference),
            let bytes = try store.readBlob(local.descriptor.digest)
        else { return nil }
        return FetchedManifest(descriptor: local.descriptor, bytes: bytes)
    }

    /// The manifest or index that a name stands for in its registry.
    private func remote(_ reference: Reference) async throws -> FetchedManifest {
        if let digest = reference.digest, let bytes = try store.readBlob(digest), let type = Self.mediaType(of: bytes) {
            let descriptor = Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count))
            return FetchedManifest(descriptor: descriptor, bytes: bytes)
        }
        return try await document(client.resolve(reference), of: reference)
    }

    /// A manifest or index, out of the store when it is there.
    private func document(_ descriptor: Descriptor, of reference: Reference) async throws -> FetchedManifest {
        if let bytes = try store.readBlob(descriptor.digest) {
            return FetchedManifest(descriptor: descriptor, bytes: bytes)
        }
        let fetched = try await client.manifest(reference.with(digest: descriptor.digest))
        try store.writeBlob(fetched.bytes)
        return fetched
    }

    private func image(_ fetched: FetchedManifest, of reference: Reference) async throws -> BaseImage {
        guard case .manifest(let manifest) = try fetched.content() else {
            throw BaseImageError("it is an index inside an index")
        }
        var bytes = try store.readBlob(manifest.config.digest)
        if bytes == nil {
            let pulled = try await client.pullBlob(manifest.config, from: reference)
            try store.writeBlob(pulled)
            bytes = pulled
        }
        let config: ImageConfig
        do { config = try JSONDecoder().decode(ImageConfig.self, from: Data(bytes ?? [])) } catch {
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

    private static func mediaType(of bytes: [UInt8]) -> MediaType? {
        struct Outline: Decodable { var mediaType: MediaType? }
        return (try? JSONDecoder().decode(Outline.self, from: Data(bytes)))?.mediaType
    }
}

/// What is wrong with an image that a registry has; the sentence goes on from the image's name.
struct BaseImageError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

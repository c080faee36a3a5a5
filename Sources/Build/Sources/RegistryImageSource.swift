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

    private static func mediaType(of bytes: [UInt8]) -> MediaType? {
        struct Outline: Decodable { var mediaType: MediaType? }
        return (try? JSONDecoder().decode(Outline.self, from: Data(bytes)))?.mediaType
    }
}

extension RegistryImageSource: ImageDocuments {
    /// A manifest or index, out of the store when it is there.
    func document(_ descriptor: Descriptor, of reference: Reference) async throws -> FetchedManifest {
        if let bytes = try store.readBlob(descriptor.digest) {
            return FetchedManifest(descriptor: descriptor, bytes: bytes)
        }
        let fetched = try await client.manifest(reference.with(digest: descriptor.digest))
        try store.writeBlob(fetched.bytes)
        return fetched
    }

    func config(_ descriptor: Descriptor, of reference: Reference) async throws -> [UInt8] {
        if let bytes = try store.readBlob(descriptor.digest) { return bytes }
        let bytes = try await client.pullBlob(descriptor, from: reference)
        try store.writeBlob(bytes)
        return bytes
    }
}

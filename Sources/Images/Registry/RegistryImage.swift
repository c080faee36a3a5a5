// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Registry
public import Store

/// An image in a registry, or a name that one is to have there.
public struct RegistryImage: Sendable {
    let reference: Reference
    let client: RegistryClient
    let authority: RegistryClient.Authority
    let memory: Store?

    /// - Parameters:
    ///   - authority: whom to ask what the name stands for.
    ///   - memory: remembers which blobs were seen in which repositories, so that they can be mounted from there.
    public init(
        _ reference: Reference, client: RegistryClient, by authority: RegistryClient.Authority = .mirrors,
        memory: Store? = nil
    ) {
        self.reference = reference
        self.client = client
        self.authority = authority
        self.memory = memory
    }

    public var title: String { reference.familiar }
}

extension RegistryImage: ImageReader {
    public var repository: Reference? { reference }
    public var tag: String? { reference.tag }

    public func root() async throws -> FetchedManifest { try await client.manifest(reference, by: authority) }

    public func document(_ descriptor: Descriptor) async throws -> FetchedManifest {
        try await client.manifest(reference.with(digest: descriptor.digest), by: authority)
    }

    public func find(_ digest: Digest) async throws -> FetchedManifest? {
        do { return try await client.manifest(reference.with(digest: digest), by: authority) } catch let error
            as RegistryError
            where error.kind == .notFound
        {
            return nil
        }
    }

    public func bytes(_ blob: Descriptor) async throws -> [UInt8] { try await client.pullBlob(blob, from: reference) }

    public func read(_ blob: Descriptor, into sink: (UnsafeRawBufferPointer) throws -> Void) async throws {
        try await client.pullBlob(blob, from: reference, into: sink)
        remember(blob)
    }
}

extension RegistryImage: ImageWriter {
    public func current() async throws -> Digest? {
        do { return try await client.resolve(reference, by: .registry).digest } catch let error as RegistryError
            where error.kind == .notFound
        {
            return nil
        }
    }

    public var isPublic: Bool { true }
    public var depot: String? { reference.name }

    public func has(_ document: Descriptor, from origins: [Reference]) async throws -> Bool {
        guard origins.contains(where: { $0.name == reference.name }) else { return false }
        // It may have been read from a mirror.
        do {
            return try await client.resolve(reference.with(digest: document.digest), by: .registry).size > 0
        } catch let error as RegistryError where error.kind == .notFound {
            return false
        }
    }

    public func put(
        _ supply: BlobSupply, progress: @escaping @Sendable (Int64) -> Void
    ) async throws -> PushOutcome {
        let outcome = try await client.pushBlob(
            supply.blob, to: reference, mountFrom: repositories(holding: supply), progress: progress
        ) {
            .file(try await supply.file())
        }
        remember(supply.blob)
        return outcome
    }

    /// The repositories of this registry that have a blob, or had it when it was last seen there.
    private func repositories(holding supply: BlobSupply) -> [String] {
        guard let memory else {
            return supply.origins.filter { $0.registry == reference.registry }.map(\.repository)
        }
        return memory.repositories(of: reference.registry, holding: supply.blob.digest, likely: supply.origins)
    }

    /// What cannot be written down is forgotten: the blob is sent then, where it could have been mounted.
    private func remember(_ blob: Descriptor) { try? memory?.noteOrigins([reference], of: blob.digest) }

    public func put(_ document: FetchedManifest) async throws {
        try await client.putManifest(
            document.bytes, mediaType: document.descriptor.mediaType,
            to: reference.with(digest: document.descriptor.digest))
    }

    public func publish(_ image: ImageSelection) async throws -> [String] {
        let root = image.root
        if let digest = reference.digest, digest != root.descriptor.digest {
            throw ImagesError.otherDigest(named: digest, actual: root.descriptor.digest, title: title)
        }
        try await client.putManifest(root.bytes, mediaType: root.descriptor.mediaType, to: reference)
        return [title]
    }
}

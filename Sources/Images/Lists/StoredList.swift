// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Registry
public import Store

/// A name in the store for a list whose layers may stay in the registries where they are.
///
/// Documents and configs come into the store, and everything that no registry has. For the rest it is remembered which
/// repositories have it, so that whoever reads the list there later gets it all.
public struct StoredList: ImageWriter {
    private let image: StoredImage
    private let store: Store
    private let list: ComposedList

    public init(_ reference: Reference, of list: ComposedList, store: Store) {
        image = StoredImage(reference, store: store)
        self.store = store
        self.list = list
    }

    public var title: String { image.title }
    public var depot: String? { image.depot }

    public func current() async throws -> Digest? { try await image.current() }

    public func put(
        _ supply: BlobSupply, progress: @escaping @Sendable (Int64) -> Void
    ) async throws -> PushOutcome {
        let isConfig = supply.blob.mediaType.oci == .ociConfig
        if !isConfig, list.isElsewhere(supply.blob) { return .alreadyThere }
        return try await image.put(supply, progress: progress)
    }

    public func put(_ document: FetchedManifest) async throws {
        try await image.put(document)
        let origins = list.registries(of: document.descriptor)
        if !origins.isEmpty { try store.noteOrigins(origins, of: document.descriptor.digest) }
    }

    public func publish(_ image: ImageSelection) async throws -> [String] { try await self.image.publish(image) }
}

extension ImageAccess {
    /// What reads an image of the store; layers that were left in registries come from there.
    func stored(_ reference: Reference) -> any ImageReader {
        let image = StoredImage(reference, store: store)
        guard let name = try? store.image(named: reference), let bytes = try? store.readBlob(name.descriptor.digest),
            case .index(let index)? = try? FetchedManifest(descriptor: name.descriptor, bytes: bytes).content()
        else { return image }
        let parts = index.manifests.map { entry in
            let origins = store.origins(of: entry.digest)
            let readers: [any ImageReader] =
                [image]
                + origins.map { RegistryImage($0.with(digest: entry.digest), client: client, by: .registry) }
            return ListPart(
                ListEntry(asIs: entry), from: readers,
                title: "\(entry.platform?.description ?? entry.digest.description) of \(image.title)")
        }
        guard parts.contains(where: { $0.readers.count > 1 }) else { return image }
        return ComposedList(
            FetchedManifest(descriptor: name.descriptor, bytes: bytes), of: parts, named: reference,
            title: image.title)
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Registry
public import Store
public import SystemPackage

/// An image in the store under a name, or a name that one is to have there.
public struct StoredImage: Sendable {
    let reference: Reference
    let store: Store

    public init(_ reference: Reference, store: Store) {
        self.reference = reference
        self.store = store
    }

    public var title: String { "\(reference.familiar) in the store" }
}

extension StoredImage: ImageReader {
    public var repository: Reference? { reference }
    public var tag: String? { reference.tag }

    public func root() async throws -> FetchedManifest {
        if let image = try store.image(named: reference) { return try await document(image.descriptor) }
        // Whoever knows a digest needs no name.
        if let digest = reference.digest, let document = try await find(digest) { return document }
        throw ImagesError.notInStore(reference, names: try store.images().map(\.familiar))
    }

    public func document(_ descriptor: Descriptor) async throws -> FetchedManifest {
        FetchedManifest(descriptor: descriptor, bytes: try await bytes(descriptor))
    }

    public func find(_ digest: Digest) async throws -> FetchedManifest? {
        guard let bytes = try store.readBlob(digest) else { return nil }
        guard let document = FetchedManifest(untyped: bytes, digest: digest) else {
            throw ImagesError.badImage(title: title, reason: "\(digest) is neither an image nor a list of images")
        }
        return document
    }

    public func bytes(_ blob: Descriptor) async throws -> [UInt8] {
        guard let bytes = try store.readBlob(blob.digest) else {
            throw ImagesError.incomplete(title: title, blob: blob.digest)
        }
        return bytes
    }

    public func file(_ blob: Descriptor) async throws -> FilePath? {
        guard store.hasBlob(blob.digest, size: blob.size) else {
            throw ImagesError.incomplete(title: title, blob: blob.digest)
        }
        return store.blobPath(blob.digest)
    }

    public func lacks(_ blob: Descriptor) -> Bool { !store.hasBlob(blob.digest, size: blob.size) }

    public func read(_ blob: Descriptor, into sink: (UnsafeRawBufferPointer) throws -> Void) async throws {
        guard let path = try await file(blob) else { return }
        try BlobFile.read(path, blob, into: sink)
    }
}

extension StoredImage: ImageWriter {
    public var depot: String? { "store \(store.root)" }

    public func current() async throws -> Digest? { try store.image(named: reference)?.descriptor.digest }

    public func put(
        _ supply: BlobSupply, progress: @escaping @Sendable (Int64) -> Void
    ) async throws -> PushOutcome {
        let blob = supply.blob
        if store.hasBlob(blob.digest, size: blob.size) {
            // A copy is a good time to find out that a blob is damaged: it is at hand now.
            if (try? store.verifyBlob(blob.digest)) != nil { return .alreadyThere }
        }
        let ingest = try store.ingest()
        try await supply.stream { bytes in
            try ingest.write(bytes)
            progress(ingest.count)
        }
        try ingest.commit(expected: blob.digest)
        return .uploaded
    }

    public func put(_ document: FetchedManifest) async throws { try store.writeBlob(document.bytes) }

    public func publish(_ image: ImageSelection) async throws -> [String] {
        try store.writeBlob(image.root.bytes)
        try store.save(
            NamedImage(name: reference.description, descriptor: image.root.descriptor), as: reference)
        return [reference.familiar]
    }
}

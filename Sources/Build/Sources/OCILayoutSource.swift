// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Images
public import OCI
import Registry
public import Store
public import SystemPackage

/// Base images out of an OCI image layout in a directory.
public struct OCILayoutSource: ImageSource, Hashable {
    /// The layout, and which of its images is meant.
    public let layout: OCILayout
    private let store: Store

    /// - Parameters:
    ///   - store: takes what is read.
    ///   - title: what people call the layout, if not by its path.
    public init(path: FilePath, selector: OCILayout.Selector, store: Store, title: String? = nil) {
        self.layout = OCILayout(path: path, selector: selector, title: title)
        self.store = store
    }

    /// What stands for the image in plans and messages, as in `oci-layout:///home/me/base:1.0`.
    public var reference: Reference {
        let (tag, digest): (String?, Digest?) =
            switch layout.selector {
            case .any: (nil, nil)
            case .tag(let tag): (tag, nil)
            case .digest(let digest): (nil, digest)
            }
        return Reference(registry: "oci-layout:/", repository: layout.title, tag: tag, digest: digest)
    }

    /// - Throws: ``OCILayoutError``, ``StoreError``.
    public func resolve(
        _ reference: Reference, for platforms: [Platform]
    ) async throws -> [Platform: BaseResolution] {
        try await resolve(kept(layout.root()), reference, for: platforms)
    }

    /// - Throws: ``OCILayoutError``, ``StoreError/digestMismatch(expected:actual:)``.
    public func fetch(
        _ blob: Descriptor, of reference: Reference, into store: Store,
        progress: @escaping @Sendable (_ completed: Int64) -> Void
    ) async throws {
        let ingest = try store.ingest()
        try await layout.read(blob) { bytes in
            try ingest.write(bytes)
            progress(ingest.count)
        }
        try ingest.commit(expected: blob.digest)
    }

    public static func == (left: OCILayoutSource, right: OCILayoutSource) -> Bool { left.layout == right.layout }

    public func hash(into hasher: inout Hasher) { hasher.combine(layout) }

    private func kept(_ document: FetchedManifest) throws -> FetchedManifest {
        try store.writeBlob(document.bytes)
        return document
    }
}

extension OCILayoutSource: ImageDocuments {
    func document(_ descriptor: Descriptor, of reference: Reference) async throws -> FetchedManifest {
        try kept(layout.document(descriptor))
    }

    func config(_ descriptor: Descriptor, of reference: Reference) async throws -> [UInt8] {
        let bytes = try layout.bytes(descriptor)
        try store.writeBlob(bytes)
        return bytes
    }
}

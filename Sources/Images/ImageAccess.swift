// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
public import Registry
public import Store
import SystemPackage

/// From places to what reads and writes images there.
public struct ImageAccess: Sendable {
    public let client: RegistryClient
    public let store: Store

    public init(client: RegistryClient, store: Store) {
        self.client = client
        self.store = store
    }

    /// What reads the image in a place.
    ///
    /// - Parameter authority: whom to ask what a name in a registry stands for; whoever changes what it stands for asks
    ///   the registry itself.
    /// - Throws: ``ImagesError``, ``OCILayoutError``.
    public func reader(
        of place: ImagePlace, by authority: RegistryClient.Authority = .mirrors
    ) -> any ImageReader {
        switch place {
        case .registry(let reference):
            return RegistryImage(reference, client: client, by: authority, memory: store)
        case .layout(let path, let selector): return OCILayout(path: path, selector: selector)
        case .store(let reference): return stored(reference)
        case .layoutArchive(let path, let selector): return ArchiveImage(layout: path, selector, store: store)
        case .dockerArchive(let path, let name): return ArchiveImage(docker: path, name, store: store)
        }
    }

    /// What writes an image to a place.
    ///
    /// - Parameter source: where the image comes from: where the place says no name, it has the name that it had there.
    /// - Throws: ``ImagesError``.
    public func writer(to place: ImagePlace, from source: any ImageReader) throws -> any ImageWriter {
        switch place {
        case .registry(let reference): return RegistryImage(reference, client: client, memory: store)
        case .layout(let path, let selector):
            let (tag, reference) = try name(selector, of: path.string, from: source)
            return LayoutWriter(path: path, tag: tag, reference: reference)
        case .store(let reference): return StoredImage(reference, store: store)
        case .layoutArchive(let path, let selector):
            let (tag, reference) = try name(selector, of: path.string, from: source)
            return ArchiveWriter(path: path, as: .layout, tag: tag, name: reference, store: store)
        case .dockerArchive(let path, let reference):
            var named = reference
            if named == nil, let origin = source.repository, let tag = source.tag {
                named = Reference(registry: origin.registry, repository: origin.repository, tag: tag)
            }
            return ArchiveWriter(path: path, as: .docker, tag: named?.tag, name: named, store: store)
        }
    }

    /// The name of an image in a layout, and the whole name of which it is a part.
    private func name(
        _ selector: OCILayout.Selector, of path: String, from source: any ImageReader
    ) throws -> (tag: String?, reference: Reference?) {
        // Under another tag it is not what the whole name says.
        let whole = source.repository.map {
            Reference(registry: $0.registry, repository: $0.repository, tag: source.tag)
        }
        switch selector {
        case .tag(let tag): return (tag, tag == source.tag ? whole : nil)
        case .any: return (source.tag, source.tag == nil ? nil : whole)
        case .digest(let digest):
            throw ImagesError.badPlace(
                "\(path)@\(digest)", reason: "a digest is not a name to write to",
                remedy: "name a tag, as in oci:\(path):1.0")
        }
    }
}

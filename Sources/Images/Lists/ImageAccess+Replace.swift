// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Registry
import Store
import SystemPackage

extension ImageAccess {
    /// Gives a place's name to another document, all of whose parts are there: the document first, the name last.
    ///
    /// - Parameter old: what the name must stand for right before; registries offer no step that compares and puts.
    /// - Throws: ``ImagesError/moved(title:expected:actual:)``; ``ImagesError/badPlace(_:reason:remedy:)`` for archives,
    ///   which are always written anew, and for a digest, which stands for one document only.
    public func replace(_ old: Digest, with root: FetchedManifest, in place: ImagePlace) async throws {
        switch place {
        case .registry(let reference):
            try Self.refuseDigest(of: reference)
            try await replace(old, with: root, in: RegistryImage(reference, client: client))
        case .store(let reference):
            try Self.refuseDigest(of: reference)
            try await replace(old, with: root, in: StoredImage(reference, store: store))
        case .layout(let path, let selector):
            try await OCILayout(path: path, selector: selector).replaceRoot(old, with: root)
        case .layoutArchive(let path, _), .dockerArchive(let path, _):
            throw ImagesError.badPlace(
                path.string, reason: "an archive cannot be changed", remedy: "name another place to write to")
        }
    }

    private func replace(_ old: Digest, with root: FetchedManifest, in writer: some ImageWriter) async throws {
        try await writer.put(root)
        let start = ContinuousClock.now
        let current = try await writer.current()
        guard current == old else { throw ImagesError.moved(title: writer.title, expected: old, actual: current) }
        try Task.checkCancellation()
        _ = try await writer.publish(ImageSelection(root: root))
        try await writer.confirm(root.descriptor.digest, inPlaceOf: old, since: start)
    }

    private static func refuseDigest(of reference: Reference) throws {
        guard reference.digest != nil else { return }
        throw ImagesError.badPlace(
            reference.familiar, reason: "what a digest stands for cannot be changed", remedy: "name a tag")
    }
}

extension OCILayout {
    /// Puts another document in the place of the one that is meant, under the names that it has.
    func replaceRoot(_ old: Digest, with root: FetchedManifest) async throws {
        if case .digest(let digest) = selector {
            throw ImagesError.badPlace(
                "\(title)@\(digest)", reason: "what a digest stands for cannot be changed", remedy: "name a tag")
        }
        _ = try directory.index()
        let hold = try await directory.hold()
        try directory.put(root.bytes, as: root.descriptor.digest)
        try await directory.rewrite { _ in
            var (index, bytes) = try directory.listing()
            func check(_ current: Digest?) throws {
                guard current == old else { throw ImagesError.moved(title: title, expected: old, actual: current) }
            }
            switch try rootPlace(in: index) {
            case .listing:
                try check(.sha256(of: bytes))
                return (root.bytes, ())
            case .entry(let place):
                try check(index.list.entries[place].digest)
                index.list.entries[place].digest = root.descriptor.digest
                index.list.entries[place].size = root.descriptor.size
                index.list.entries[place].mediaType = root.descriptor.mediaType
                return (try index.bytes(), ())
            case .blob: return (bytes, ())
            }
        }
        withExtendedLifetime(hold) {}
    }
}

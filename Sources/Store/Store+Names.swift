// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import OCI
import SystemPackage

/// A name and what it points to.
public struct NamedImage: Hashable, Sendable, Codable {
    /// The normalised reference.
    public var name: String
    /// The index or manifest, whose blobs are in the store.
    public var descriptor: Descriptor

    public init(name: String, descriptor: Descriptor) {
        self.name = name
        self.descriptor = descriptor
    }
}

extension Store {
    /// What a name points to.
    public func image(named reference: Reference) throws -> NamedImage? {
        try readRecord(NamedImage.self, at: namePath(reference))
    }

    /// Points a name to an image, in one step.
    ///
    /// - Throws: ``StoreError``.
    public func save(_ image: NamedImage, as reference: Reference) throws {
        try writeRecord(image, to: namePath(reference))
    }

    /// The names of all images, sorted.
    ///
    /// - Throws: ``StoreError``.
    public func images() throws -> [Reference] {
        let folder = root.appending("names")
        return try Files.names(in: folder).compactMap { file in
            try readRecord(NamedImage.self, at: folder.appending(file)).flatMap { try? Reference($0.name) }
        }.sorted { $0.description < $1.description }
    }

    /// Makes a name point to nothing here.
    public func forget(_ reference: Reference) {
        unlink(namePath(reference).string)
    }

    private func namePath(_ reference: Reference) -> FilePath {
        root.appending("names").appending(Digest.sha256(of: reference.description).encoded)
    }
}

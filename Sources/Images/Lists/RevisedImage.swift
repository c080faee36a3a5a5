// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Registry
public import SystemPackage

/// An image with another document in the place of its root; all that it leads to is where the original is.
public struct RevisedImage: ImageReader {
    private let original: any ImageReader
    private let revised: FetchedManifest

    public init(_ original: any ImageReader, root: FetchedManifest) {
        self.original = original
        revised = root
    }

    public var title: String { original.title }
    public var repository: Reference? { original.repository }
    public var tag: String? { original.tag }
    public func root() async throws -> FetchedManifest { revised }
    public func document(_ descriptor: Descriptor) async throws -> FetchedManifest {
        try await original.document(descriptor)
    }
    public func find(_ digest: Digest) async throws -> FetchedManifest? {
        digest == revised.descriptor.digest ? revised : try await original.find(digest)
    }
    public func bytes(_ blob: Descriptor) async throws -> [UInt8] { try await original.bytes(blob) }
    public func file(_ blob: Descriptor) async throws -> FilePath? { try await original.file(blob) }
    public func origins(of content: Descriptor) -> [Reference] { original.origins(of: content) }
    public func lacks(_ blob: Descriptor) -> Bool { original.lacks(blob) }
    public func read(_ blob: Descriptor, into sink: (UnsafeRawBufferPointer) throws -> Void) async throws {
        try await original.read(blob, into: sink)
    }
}

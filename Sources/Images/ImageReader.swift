// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Registry
public import SystemPackage

/// An image in one place, to be read: its root document, what that leads to, and the blobs.
///
/// Whoever conforms checks every byte against digest and size.
public protocol ImageReader: Sendable {
    /// What people call it.
    var title: String { get }

    /// The repository that it is in.
    var repository: Reference? { get }

    /// The tag that it has there.
    var tag: String? { get }

    /// The manifest or index that is meant.
    func root() async throws -> FetchedManifest

    /// A manifest or index that another document names.
    func document(_ descriptor: Descriptor) async throws -> FetchedManifest

    /// A manifest or index by its digest alone, whatever is said of its kind and size elsewhere; nil when the place does
    /// not have it, which is not the same as that nobody answers.
    func find(_ digest: Digest) async throws -> FetchedManifest?

    /// A small blob, such as a config.
    func bytes(_ blob: Descriptor) async throws -> [UInt8]

    /// A file of this machine that has the blob's size and should have its bytes; nil when it has to be fetched.
    func file(_ blob: Descriptor) async throws -> FilePath?

    /// The repositories that have a document or a blob, as far as is known.
    func origins(of content: Descriptor) -> [Reference]

    /// Whether it is known without asking anybody that a blob is not there.
    func lacks(_ blob: Descriptor) -> Bool

    /// Hands out a blob's bytes in order; when this throws, what was handed out must be thrown away.
    func read(_ blob: Descriptor, into sink: (UnsafeRawBufferPointer) throws -> Void) async throws
}

extension ImageReader {
    public var repository: Reference? { nil }
    public var tag: String? { nil }
    public func file(_ blob: Descriptor) async throws -> FilePath? { nil }
    public func lacks(_ blob: Descriptor) -> Bool { false }
    public func origins(of content: Descriptor) -> [Reference] { repository.map { [$0] } ?? [] }
}

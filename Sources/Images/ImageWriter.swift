// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Registry

/// A place that an image is written to: blobs first, then documents by their digests, its name last.
public protocol ImageWriter: Sendable {
    /// What people call it.
    var title: String { get }

    /// Whether the place holds one image of one platform only.
    var holdsOnePlatform: Bool { get }

    /// Whether everybody finds what is written there.
    var isPublic: Bool { get }

    /// What names of one place have in common: blobs and documents that are brought for one are there for the others.
    /// Nil for a place of one name.
    var depot: String? { get }

    /// Sees whether the place can be written to, as far as that can be known; changes nothing.
    func prepare() async throws

    /// What the name stands for now; nil when there is nothing of that name.
    func current() async throws -> Digest?

    /// Whether a document is there for sure, with all that it refers to, when these repositories have it.
    func has(_ document: Descriptor, from origins: [Reference]) async throws -> Bool

    /// Sees to it that the place has a blob.
    ///
    /// - Parameter progress: gets the number of bytes that have arrived.
    func put(
        _ supply: BlobSupply, progress: @escaping @Sendable (_ completed: Int64) -> Void
    ) async throws -> PushOutcome

    /// Puts a document that has no name of its own; what it refers to is there.
    func put(_ document: FetchedManifest) async throws

    /// Gives the name to an image, all of which is there.
    ///
    /// - Returns: where it can be found now, for people.
    func publish(_ image: ImageSelection) async throws -> [String]

    /// Ends the work, whether anything was published or not.
    func close() async
}

extension ImageWriter {
    public var holdsOnePlatform: Bool { false }
    public var isPublic: Bool { false }
    public var depot: String? { nil }
    public func prepare() async throws {}
    public func has(_ document: Descriptor, from origins: [Reference]) async throws -> Bool { false }
    public func close() async {}
}

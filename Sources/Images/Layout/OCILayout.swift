// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
public import OCI
public import Registry
public import SystemPackage

/// One image of an OCI image layout in a directory (image-spec image-layout.md), which is only read.
public struct OCILayout: Sendable, Hashable {
    /// Which of a layout's images is meant.
    public enum Selector: Sendable, Hashable {
        /// The one called `latest`, or else the only one.
        case any
        /// The one with this name (the annotation `org.opencontainers.image.ref.name`).
        case tag(String)
        /// The manifest or index with this digest, be it in the list of images or not.
        case digest(Digest)
    }

    package let directory: LayoutDirectory
    public let selector: Selector
    /// How people name the layout, which may have been unpacked from a file.
    public var title: String { directory.title }

    /// - Parameter title: what people call the layout, if not by its path.
    public init(path: FilePath, selector: Selector, title: String? = nil) {
        self.init(LayoutDirectory(path, title: title), selector)
    }

    package init(_ directory: LayoutDirectory, _ selector: Selector) {
        self.directory = directory
        self.selector = selector
    }

    /// The manifest or index that is meant.
    ///
    /// - Throws: ``OCILayoutError``, ``StoreError``.
    public func root() throws -> FetchedManifest {
        let (index, bytes) = try directory.listing()
        let list = index.list
        switch try rootPlace(in: index) {
        case .entry(let place):
            guard let entry = list.entries[place].descriptor else {
                throw OCILayoutError.noLayout(title, reason: "its index.json does not say which image is meant")
            }
            return try document(entry)
        case .blob(let digest): return try document(digest)
        case .listing:
            let descriptor = Descriptor(
                mediaType: list.mediaType ?? .ociIndex, digest: .sha256(of: bytes), size: Int64(bytes.count))
            return FetchedManifest(descriptor: descriptor, bytes: bytes)
        }
    }

    /// Where the document that is meant has its descriptor.
    enum RootPlace {
        /// At this position of index.json.
        case entry(Int)
        /// Nowhere: its digest is known.
        case blob(Digest)
        /// It is index.json itself.
        case listing
    }

    func rootPlace(in index: LayoutIndex) throws -> RootPlace {
        let entries = index.list.entries
        func tagged(_ tag: String) -> RootPlace? { index.place(tagged: tag).map(RootPlace.entry) }
        switch selector {
        case .digest(let digest):
            return entries.firstIndex { $0.digest == digest }.map(RootPlace.entry) ?? .blob(digest)
        case .tag(let tag):
            guard let place = tagged(tag) else { throw OCILayoutError.noTag(tag, title, tags: index.tags) }
            return place
        case .any:
            if let place = tagged("latest") { return place }
            if entries.count == 1 { return .entry(0) }
            // Some tools list the images of all platforms right here, without a name for them together.
            if index.tags.isEmpty, entries.contains(where: { $0.platform != nil }) { return .listing }
            throw OCILayoutError.noTag(nil, title, tags: index.tags)
        }
    }

    /// A manifest or an index that a digest alone names.
    private func document(_ digest: Digest) throws -> FetchedManifest {
        guard let document = FetchedManifest(untyped: try directory.bytes(digest), digest: digest) else {
            throw OCILayoutError.noLayout(title, reason: "\(digest) is not an image")
        }
        return document
    }

    /// A manifest or an index.
    ///
    /// - Throws: ``OCILayoutError``, ``StoreError``.
    public func document(_ descriptor: Descriptor) throws -> FetchedManifest {
        FetchedManifest(descriptor: descriptor, bytes: try bytes(descriptor))
    }

    /// The bytes of a small blob.
    ///
    /// - Throws: ``OCILayoutError``, ``StoreError``.
    public func bytes(_ descriptor: Descriptor) throws -> [UInt8] { try directory.bytes(descriptor) }
}

extension OCILayout: ImageReader {
    public var tag: String? { if case .tag(let tag) = selector { tag } else { nil } }

    public func find(_ digest: Digest) async throws -> FetchedManifest? {
        do { return try document(digest) } catch OCILayoutError.missingBlob { return nil }
    }

    public func file(_ blob: Descriptor) async throws -> FilePath? { try directory.ownFile(blob) }

    public func read(_ blob: Descriptor, into sink: (UnsafeRawBufferPointer) throws -> Void) async throws {
        try directory.read(blob, into: sink)
    }
}

extension FetchedManifest {
    /// A document whose kind nobody has told; nil when it is none.
    init?(untyped bytes: [UInt8], digest: Digest) {
        struct Outline: Decodable {
            var mediaType: MediaType?
            var manifests: JSONTree?
            var config: JSONTree?
        }
        guard let outline = try? JSONDecoder().decode(Outline.self, from: Data(bytes)) else { return nil }
        guard outline.mediaType != nil || outline.manifests != nil || outline.config != nil else { return nil }
        let type = outline.mediaType ?? (outline.manifests == nil ? .ociManifest : .ociIndex)
        self.init(
            descriptor: Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count)), bytes: bytes)
    }
}

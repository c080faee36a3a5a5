// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
public import OCI
import Registry
public import Store
public import SystemPackage

/// Images out of an OCI image layout in a directory (image-spec image-layout.md).
///
/// The layout is only read, and nothing in it is believed: every document and every layer must have the digest and the
/// size that its descriptor says.
public struct OCILayoutSource: ImageSource, Hashable {
    /// Which of a layout's images is meant.
    public enum Selector: Sendable, Hashable {
        /// The one called `latest`, or else the only one.
        case any
        /// The one with this name (the annotation `org.opencontainers.image.ref.name`).
        case tag(String)
        /// The manifest or index with this digest, be it in the list of images or not.
        case digest(Digest)
    }

    /// The layout's directory.
    public let path: FilePath
    public let selector: Selector
    /// How people name the layout, which may have been unpacked from a file.
    private let title: String
    private let store: Store

    /// - Parameters:
    ///   - store: takes what is read.
    ///   - title: what people call the layout, if not by its path.
    public init(path: FilePath, selector: Selector, store: Store, title: String? = nil) {
        self.path = path
        self.selector = selector
        self.store = store
        self.title = title ?? path.string
    }

    /// What stands for the image in plans and messages, as in `oci-layout:///home/me/base:1.0`.
    public var reference: Reference {
        let (tag, digest): (String?, Digest?) =
            switch selector {
            case .any: (nil, nil)
            case .tag(let tag): (tag, nil)
            case .digest(let digest): (nil, digest)
            }
        return Reference(registry: "oci-layout:/", repository: title, tag: tag, digest: digest)
    }

    /// - Throws: ``OCILayoutError``, ``StoreError``.
    public func resolve(
        _ reference: Reference, for platforms: [Platform]
    ) async throws -> [Platform: BaseResolution] {
        try await resolve(root(), reference, for: platforms)
    }

    /// - Throws: ``OCILayoutError``, ``StoreError/digestMismatch(expected:actual:)``.
    public func fetch(
        _ blob: Descriptor, of reference: Reference, into store: Store,
        progress: @escaping @Sendable (_ completed: Int64) -> Void
    ) async throws {
        let file = try open(blob)
        defer { try? file.close() }
        let ingest = try store.ingest()
        try ingest.write(contentsOf: file, progress: progress)
        try ingest.commit(expected: blob.digest)
    }

    public static func == (left: OCILayoutSource, right: OCILayoutSource) -> Bool {
        left.path == right.path && left.selector == right.selector
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(path)
        hasher.combine(selector)
    }

    // MARK: What the layout has

    private func root() throws -> FetchedManifest {
        try checkVersion()
        guard let bytes = try document(called: "index.json", limit: 16 << 20) else {
            throw OCILayoutError.noLayout(title, reason: "it has no index.json")
        }
        let index: Index
        do { index = try JSONDecoder().decode(Index.self, from: Data(bytes)) } catch {
            throw OCILayoutError.noLayout(title, reason: "its index.json is not an image index")
        }
        switch selector {
        case .digest(let digest):
            if let entry = index.manifests.first(where: { $0.digest == digest }) { return try document(entry) }
            return try document(digest)
        case .tag(let tag):
            guard let entry = index.manifests.first(where: { $0.isNamed(tag) }) else {
                throw OCILayoutError.noTag(tag, title, tags: index.manifests.compactMap(\.layoutName))
            }
            return try document(entry)
        case .any:
            if let entry = index.manifests.first(where: { $0.isNamed("latest") }) { return try document(entry) }
            if index.manifests.count == 1 { return try document(index.manifests[0]) }
            // Some tools list the images of all platforms right here, without a name for them together.
            if !index.manifests.isEmpty, index.manifests.allSatisfy({ $0.platform != nil && $0.layoutName == nil }) {
                let descriptor = Descriptor(
                    mediaType: index.mediaType ?? .ociIndex, digest: .sha256(of: bytes), size: Int64(bytes.count))
                return FetchedManifest(descriptor: descriptor, bytes: bytes)
            }
            throw OCILayoutError.noTag(nil, title, tags: index.manifests.compactMap(\.layoutName))
        }
    }

    private func checkVersion() throws {
        struct Version: Decodable { var imageLayoutVersion: String }
        guard let bytes = try document(called: "oci-layout", limit: 1 << 20) else {
            let reason =
                Files.isDirectory(path)
                ? "it has no file oci-layout"
                : Files.exists(path) ? "it is not a directory" : "there is no such directory"
            throw OCILayoutError.noLayout(title, reason: reason)
        }
        guard let version = try? JSONDecoder().decode(Version.self, from: Data(bytes)).imageLayoutVersion,
            version.hasPrefix("1.")
        else { throw OCILayoutError.noLayout(title, reason: "its file oci-layout is not of version 1") }
    }

    /// A file at the layout's top. Links may be somebody's own way to keep layouts; a pipe would be waited for.
    private func document(called name: String, limit: Int) throws -> [UInt8]? {
        let place = path.appending(name)
        var status = stat()
        guard stat(place.string, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return try Files.read(place, limit: limit)
    }

    // MARK: Blobs

    /// A manifest or an index that a digest alone names.
    private func document(_ digest: Digest) throws -> FetchedManifest {
        struct Outline: Decodable {
            var mediaType: MediaType?
            var manifests: [Descriptor]?
        }
        guard let bytes = try Files.read(blobPath(digest), limit: 16 << 20) else {
            throw OCILayoutError.missingBlob(digest, title)
        }
        guard Digest.sha256(of: bytes) == digest else { throw OCILayoutError.damagedBlob(digest, title) }
        try store.writeBlob(bytes)
        guard let outline = try? JSONDecoder().decode(Outline.self, from: Data(bytes)) else {
            throw OCILayoutError.noLayout(title, reason: "\(digest) is not an image")
        }
        let type = outline.mediaType ?? (outline.manifests == nil ? .ociManifest : .ociIndex)
        return FetchedManifest(
            descriptor: Descriptor(mediaType: type, digest: digest, size: Int64(bytes.count)), bytes: bytes)
    }

    private func document(_ descriptor: Descriptor) throws -> FetchedManifest {
        let bytes = try read(descriptor)
        try store.writeBlob(bytes)
        return FetchedManifest(descriptor: descriptor, bytes: bytes)
    }

    /// The bytes of a small blob.
    private func read(_ descriptor: Descriptor) throws -> [UInt8] {
        try open(descriptor).close()
        guard let bytes = try Files.read(blobPath(descriptor.digest), limit: 16 << 20) else {
            throw OCILayoutError.missingBlob(descriptor.digest, title)
        }
        guard Digest.sha256(of: bytes) == descriptor.digest else {
            throw OCILayoutError.damagedBlob(descriptor.digest, title)
        }
        return bytes
    }

    /// Opens a blob whose size is right; some tools put links in a layout instead of files.
    private func open(_ descriptor: Descriptor) throws -> FileDescriptor {
        let path = blobPath(descriptor.digest)
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch Errno.noSuchFileOrDirectory {
            throw OCILayoutError.missingBlob(descriptor.digest, title)
        } catch let errno as Errno {
            throw StoreError.file(operation: "open", path: path, errno: errno)
        }
        var status = stat()
        guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            Int64(status.st_size) == descriptor.size
        else {
            try file.close()
            throw OCILayoutError.damagedBlob(descriptor.digest, title)
        }
        return file
    }

    private func blobPath(_ digest: Digest) -> FilePath {
        path.appending("blobs").appending(digest.algorithm.rawValue).appending(digest.encoded)
    }
}

extension OCILayoutSource: ImageDocuments {
    func document(_ descriptor: Descriptor, of reference: Reference) async throws -> FetchedManifest {
        try document(descriptor)
    }

    func config(_ descriptor: Descriptor, of reference: Reference) async throws -> [UInt8] {
        let bytes = try read(descriptor)
        try store.writeBlob(bytes)
        return bytes
    }
}

extension Descriptor {
    /// The name that a layout gives an image.
    fileprivate var layoutName: String? { annotations?["org.opencontainers.image.ref.name"] }

    /// Some tools write whole references where the specification wants tags.
    fileprivate func isNamed(_ tag: String) -> Bool {
        guard let name = layoutName else { return false }
        return name == tag || (try? Reference(name))?.tag == tag && name.contains("/")
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
public import OCI
public import Registry
import Store
public import SystemPackage

/// An OCI image layout in a directory (image-spec image-layout.md), which is only read.
///
/// Nothing in it is believed: every document and every blob must have the digest and the size that its descriptor says.
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

    /// The largest document that is read.
    static let documentLimit = 16 << 20

    /// The layout's directory.
    public let path: FilePath
    public let selector: Selector
    /// How people name the layout, which may have been unpacked from a file.
    public let title: String

    /// - Parameter title: what people call the layout, if not by its path.
    public init(path: FilePath, selector: Selector, title: String? = nil) {
        self.path = path
        self.selector = selector
        self.title = title ?? path.string
    }

    public static func == (left: OCILayout, right: OCILayout) -> Bool {
        left.path == right.path && left.selector == right.selector
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(path)
        hasher.combine(selector)
    }

    /// The manifest or index that is meant.
    ///
    /// - Throws: ``OCILayoutError``, ``StoreError``.
    public func root() throws -> FetchedManifest {
        let (list, bytes) = try listing()
        switch try rootPlace(in: list) {
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

    func rootPlace(in list: WrittenIndex) throws -> RootPlace {
        let entries = list.entries
        func place(_ matches: (WrittenEntry) -> Bool) -> RootPlace? {
            entries.firstIndex(where: matches).map(RootPlace.entry)
        }
        let names = entries.compactMap { $0.annotations?[Descriptor.layoutNameKey] }
        switch selector {
        case .digest(let digest): return place { $0.digest == digest } ?? .blob(digest)
        case .tag(let tag):
            guard let entry = place({ $0.isNamed(tag) }) else {
                throw OCILayoutError.noTag(tag, title, tags: names)
            }
            return entry
        case .any:
            if let entry = place({ $0.isNamed("latest") }) { return entry }
            if entries.count == 1 { return .entry(0) }
            // Some tools list the images of all platforms right here, without a name for them together.
            if names.isEmpty, entries.contains(where: { $0.platform != nil }) { return .listing }
            throw OCILayoutError.noTag(nil, title, tags: names)
        }
    }

    /// The list of the layout's images letter for letter, whatever is wrong with it.
    func listing() throws -> (list: WrittenIndex, bytes: [UInt8]) {
        let bytes = try indexBytes()
        do { return (try JSONDecoder().decode(WrittenIndex.self, from: Data(bytes)), bytes) } catch {
            throw OCILayoutError.noLayout(title, reason: "its index.json is not an image index")
        }
    }

    private func indexBytes() throws -> [UInt8] {
        try checkVersion()
        guard let bytes = try document(called: LayoutFiles.indexName, limit: Self.documentLimit) else {
            throw OCILayoutError.noLayout(title, reason: "it has no index.json")
        }
        return bytes
    }

    /// The list of the layout's images, and its bytes.
    func contents() throws -> (index: Index, bytes: [UInt8]) {
        let bytes = try indexBytes()
        do { return (try JSONDecoder().decode(Index.self, from: Data(bytes)), bytes) } catch {
            throw OCILayoutError.noLayout(title, reason: "its index.json is not an image index")
        }
    }

    private func checkVersion() throws {
        struct Version: Decodable { var imageLayoutVersion: String }
        guard let bytes = try document(called: LayoutFiles.versionName, limit: 1 << 20) else {
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
    func document(_ digest: Digest) throws -> FetchedManifest {
        guard let bytes = try Files.read(blobPath(digest), limit: Self.documentLimit) else {
            throw OCILayoutError.missingBlob(digest, title)
        }
        guard Digest.sha256(of: bytes) == digest else { throw OCILayoutError.damagedBlob(digest, title) }
        guard let document = FetchedManifest(untyped: bytes, digest: digest) else {
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
    public func bytes(_ descriptor: Descriptor) throws -> [UInt8] {
        try open(descriptor).close()
        guard let bytes = try Files.read(blobPath(descriptor.digest), limit: Self.documentLimit) else {
            throw OCILayoutError.missingBlob(descriptor.digest, title)
        }
        guard Digest.sha256(of: bytes) == descriptor.digest else {
            throw OCILayoutError.damagedBlob(descriptor.digest, title)
        }
        return bytes
    }

    /// Opens a blob whose size is right; some tools put links in a layout instead of files.
    ///
    /// - Throws: ``OCILayoutError``, ``StoreError``.
    public func open(_ descriptor: Descriptor) throws -> FileDescriptor {
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

    /// Where a blob is or would be.
    public func blobPath(_ digest: Digest) -> FilePath {
        path.appending("blobs").appending(digest.algorithm.rawValue).appending(digest.encoded)
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

extension Descriptor {
    /// The annotation by which a layout names an image.
    static let layoutNameKey = "org.opencontainers.image.ref.name"

    /// The annotation by which containerd names one.
    static let containerdNameKey = "io.containerd.image.name"

    /// The name that a layout gives an image.
    var layoutName: String? { annotations?[Self.layoutNameKey] }

    /// Whether a layout calls it so; some tools write whole references where the specification wants tags.
    func isNamed(_ tag: String) -> Bool { Self.isName(layoutName, of: tag) }

    fileprivate static func isName(_ name: String?, of tag: String) -> Bool {
        guard let name else { return false }
        return name == tag || (try? Reference(name))?.tag == tag && name.contains("/")
    }
}

extension WrittenEntry {
    /// Whether a layout calls it so.
    fileprivate func isNamed(_ tag: String) -> Bool {
        Descriptor.isName(annotations?[Descriptor.layoutNameKey], of: tag)
    }
}

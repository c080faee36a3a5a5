// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Glibc
package import OCI
import Store
package import SystemPackage

/// An OCI image layout in a directory (image-spec image-layout.md): every reader and every writer of one is this.
///
/// Nothing in it is believed: every document and every blob must have the digest and the size that its descriptor says.
package struct LayoutDirectory: Sendable, Hashable {
    /// The largest document that is read.
    static let documentLimit = 16 << 20

    package let path: FilePath
    /// How people name the layout, which may have been unpacked from a file.
    package let title: String

    /// - Parameter title: what people call the layout, if not by its path.
    package init(_ path: FilePath, title: String? = nil) {
        self.path = path
        self.title = title ?? path.string
    }

    /// Where a blob is or would be.
    package func blobPath(_ digest: Digest) -> FilePath { path.pushing(FilePath(LayoutFiles.path(of: digest))) }

    // MARK: The list of images

    /// The layout's images.
    ///
    /// - Throws: ``OCILayoutError``, ``StoreError``.
    package func index() throws -> LayoutIndex { try listing().index }

    /// The layout's images; nil when nothing was written there yet.
    ///
    /// - Throws: ``OCILayoutError``, ``StoreError``.
    package func indexIfAny() throws -> LayoutIndex? {
        try indexBytes().map(parsed)
    }

    /// The layout's images, and the file that lists them.
    func listing() throws -> (index: LayoutIndex, bytes: [UInt8]) {
        try checkVersion()
        guard let bytes = try indexBytes() else {
            throw OCILayoutError.noLayout(title, reason: "it has no index.json")
        }
        return (try parsed(bytes), bytes)
    }

    func indexBytes() throws -> [UInt8]? { try file(LayoutFiles.indexName, limit: Self.documentLimit) }

    func parsed(_ bytes: [UInt8]) throws -> LayoutIndex {
        do { return try LayoutIndex(parsing: bytes) } catch {
            throw OCILayoutError.noLayout(title, reason: "its index.json is not an image index")
        }
    }

    func checkVersion() throws {
        struct Version: Decodable { var imageLayoutVersion: String }
        guard let bytes = try file(LayoutFiles.versionName, limit: 1 << 20) else {
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

    /// A file at the layout's top; nil when there is none. Links may be somebody's own way to keep layouts; a pipe would
    /// be waited for.
    private func file(_ name: String, limit: Int) throws -> [UInt8]? {
        let place = path.appending(name)
        var status = stat()
        guard stat(place.string, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit else {
            throw OCILayoutError.noLayout(title, reason: "its \(name) is not a file of a sensible size")
        }
        return try Files.read(place, limit: limit)
    }

    // MARK: Blobs

    /// The bytes of a small blob.
    ///
    /// - Throws: ``OCILayoutError``, ``StoreError``.
    package func bytes(_ blob: Descriptor) throws -> [UInt8] {
        guard blob.size <= Self.documentLimit else { throw OCILayoutError.damagedBlob(blob.digest, title) }
        var bytes: [UInt8] = []
        try read(blob) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// The bytes of a small blob whose size nobody has told.
    func bytes(_ digest: Digest) throws -> [UInt8] {
        guard let size = Files.size(blobPath(digest)) else { throw OCILayoutError.missingBlob(digest, title) }
        return try bytes(Descriptor(mediaType: .ociManifest, digest: digest, size: size))
    }

    /// Hands out a blob's bytes; when this throws, what was handed out must be thrown away.
    ///
    /// - Throws: ``OCILayoutError``, ``StoreError``; `CancellationError`.
    package func read(_ blob: Descriptor, into sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        let (file, isOwn) = try open(blob)
        defer { try? file.close() }
        do {
            if !isOwn {
                // A link may lead to what only we may read, so nothing goes anywhere before it is known to be the blob.
                try BlobFile.read(file, blob) { _ in }
                try file.seek(offset: 0, from: .start)
            }
            try BlobFile.read(file, blob, into: sink)
        } catch StoreError.digestMismatch {
            throw OCILayoutError.damagedBlob(blob.digest, title)
        }
    }

    /// The file that is a blob and has its size; nil when there are links on the way to it.
    ///
    /// - Throws: ``OCILayoutError``, ``StoreError``.
    func ownFile(_ blob: Descriptor) throws -> FilePath? {
        let (file, isOwn) = try open(blob)
        try file.close()
        return isOwn ? blobPath(blob.digest) : nil
    }

    /// Opens a blob whose size is right; some tools put links in a layout instead of files.
    private func open(_ blob: Descriptor) throws -> (file: FileDescriptor, isOwn: Bool) {
        let path = blobPath(blob.digest)
        let file: FileDescriptor
        do {
            file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
        } catch Errno.noSuchFileOrDirectory {
            throw OCILayoutError.missingBlob(blob.digest, title)
        } catch let errno as Errno {
            throw StoreError.file(operation: "open", path: path, errno: errno)
        }
        var status = stat()
        guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            Int64(status.st_size) == blob.size
        else {
            try file.close()
            throw OCILayoutError.damagedBlob(blob.digest, title)
        }
        return (file, isOwn(file, blob.digest))
    }

    /// Whether an open file lies in the layout itself.
    private func isOwn(_ file: FileDescriptor, _ digest: Digest) -> Bool {
        guard let real = realpath(path.string, nil) else { return false }
        defer { free(real) }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink("/proc/self/fd/\(file.rawValue)", &buffer, buffer.count - 1)
        guard count > 0 else { return false }
        let place = FilePath(platformString: real).pushing(FilePath(LayoutFiles.path(of: digest)))
        return FilePath(platformString: Array(buffer[..<count]) + [0]) == place
    }
}

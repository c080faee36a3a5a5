// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import OCI
public import Registry
import Store
public import SystemPackage

/// Writes images into an OCI layout in a directory, which keeps what it has.
public struct LayoutWriter: ImageWriter {
    private let layout: OCILayout
    private let tag: String?
    private let reference: Reference?

    /// - Parameters:
    ///   - path: the directory; made when it is missing.
    ///   - tag: the name of the image there; who has it loses it.
    ///   - reference: the whole name, which containerd reads.
    public init(path: FilePath, tag: String?, reference: Reference? = nil) {
        layout = OCILayout(path: path, selector: tag.map { .tag($0) } ?? .any)
        self.tag = tag
        self.reference = reference
    }

    public var depot: String? { "layout \(layout.path)" }

    public var title: String { layout.path.string + (tag.map { ":\($0)" } ?? "") }

    public func prepare() async throws {
        guard Files.exists(layout.path) else { return }
        guard Files.isDirectory(layout.path) else {
            throw OCILayoutError.noLayout(layout.title, reason: "it is not a directory")
        }
        // Somebody's files are not mixed with a layout's.
        if try !Files.names(in: layout.path).isEmpty { _ = try layout.contents() }
    }

    public func current() async throws -> Digest? {
        guard Files.exists(layout.path.appending(LayoutFiles.indexName)) else { return nil }
        let entries = try layout.contents().index.manifests
        guard let tag else { return nil }
        return entries.first { $0.isNamed(tag) }?.digest
    }

    public func put(
        _ supply: BlobSupply, progress: @escaping @Sendable (Int64) -> Void
    ) async throws -> PushOutcome {
        let path = layout.blobPath(supply.blob.digest)
        if Files.isRegularFile(path), Files.size(path) == supply.blob.size { return .alreadyThere }
        try Files.makeDirectories(path.removingLastComponent(), mode: 0o755)
        let temporary = FilePath("\(path.string).\(getpid()).\(UInt64.random(in: 0 ... .max))")
        let descriptor = open(temporary.string, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw StoreError.file(operation: "create", path: temporary, errno: Errno(rawValue: errno))
        }
        let file = FileDescriptor(rawValue: descriptor)
        do {
            defer { try? file.close() }
            var count: Int64 = 0
            try await supply.stream { bytes in
                do { try file.writeAll(bytes) } catch let errno as Errno {
                    throw StoreError.file(operation: "write", path: temporary, errno: errno)
                }
                count += Int64(bytes.count)
                progress(count)
            }
            try Files.rename(temporary, to: path)
        } catch {
            unlink(temporary.string)
            throw error
        }
        return .uploaded
    }

    public func put(_ document: FetchedManifest) async throws {
        let sink = DirectoryLayoutSink(root: layout.path)
        try sink.add(document.bytes, as: LayoutFiles.path(of: document.descriptor.digest))
    }

    public func publish(_ image: ImageSelection) async throws -> [String] {
        try await put(image.root)
        let sink = DirectoryLayoutSink(root: layout.path)
        var entries: [Descriptor] = []
        if Files.exists(layout.path.appending(LayoutFiles.indexName)) {
            entries = try layout.contents().index.manifests
        } else {
            try sink.add(LayoutFiles.version, as: LayoutFiles.versionName)
        }
        let root = image.root.descriptor
        entries.removeAll { entry in
            tag.map(entry.isNamed) ?? false || entry.layoutName == nil && entry.digest == root.digest
        }
        try sink.add(
            LayoutFiles.index(entries + [LayoutFiles.entry(root, tag: tag, reference: reference)]),
            as: LayoutFiles.indexName)
        return [title]
    }
}

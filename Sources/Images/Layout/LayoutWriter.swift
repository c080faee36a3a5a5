// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import OCI
public import Registry
import Store
public import SystemPackage

/// Writes images into an OCI layout in a directory, which keeps what it has.
public final class LayoutWriter: ImageWriter {
    private let directory: LayoutDirectory
    private let name: LayoutIndex.Name?
    /// Keeps others from taking away what has no name yet.
    private let hold = SingleFlight<FilePath, FileLock>()
    public let title: String

    /// - Parameters:
    ///   - path: the directory; made when it is missing.
    ///   - tag: the name of the image there; who has it loses it.
    ///   - reference: the whole name, which containerd reads.
    public init(path: FilePath, tag: String?, reference: Reference? = nil) {
        directory = LayoutDirectory(path)
        name = tag.map { LayoutIndex.Name(tag: $0, reference: reference) }
        title = path.string + (tag.map { ":\($0)" } ?? "")
    }

    public var depot: String? { "layout \(directory.path)" }

    public func prepare() async throws { try directory.prepare() }

    public func current() async throws -> Digest? {
        guard let tag = name?.tag else { return nil }
        return try directory.indexIfAny()?.entry(tagged: tag)?.digest
    }

    public func put(
        _ supply: BlobSupply, progress: @escaping @Sendable (Int64) -> Void
    ) async throws -> PushOutcome {
        try await begin()
        if directory.has(supply.blob) { return .alreadyThere }
        let file = try TemporaryFile(beside: directory.blobPath(supply.blob.digest))
        var count: Int64 = 0
        try await supply.stream { bytes in
            try file.write(bytes)
            count += Int64(bytes.count)
            progress(count)
        }
        try directory.put(file, as: supply.blob.digest)
        return .uploaded
    }

    public func put(_ document: FetchedManifest) async throws {
        try await begin()
        try directory.put(document.bytes, as: document.descriptor.digest)
    }

    public func publish(_ image: ImageSelection) async throws -> [String] {
        try await put(image.root)
        try await directory.update { $0.add(image.root.descriptor, name) }
        return [title]
    }

    public func close() async { await hold.forget { _ in true } }

    private func begin() async throws {
        _ = try await hold.value(for: directory.path) { [directory] in try await directory.hold() }
    }
}

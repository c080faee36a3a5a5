// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
public import Store
public import SystemPackage

/// Writes an OCI image layout (image-spec image-layout.md), as a directory or as a tar file of one.
///
/// A directory that holds a layout already keeps its blobs and gets a new index.json, as the last thing; a tar file
/// appears under its name only when it is whole.
public struct OCILayoutExporter: Exporter {
    /// How the layout lies on disk.
    public enum Form: Sendable {
        case directory
        case tar
    }

    let destination: FilePath
    let form: Form
    let store: Store

    public init(destination: FilePath, form: Form, store: Store) {
        self.destination = destination
        self.form = form
        self.store = store
    }

    public var title: String { "write \(destination)" }

    public func prepare() async throws {
        let folder = form == .directory ? destination : destination.removingLastComponent()
        do { try Files.makeDirectories(folder, mode: 0o755) } catch let error as StoreError {
            throw BuildError.output("cannot write to \(folder): \(error)", remedy: error.remedy)
        }
        // A file is replaced by a rename, which must not happen to a device or a link.
        if form == .tar, Files.exists(destination), !Files.isRegularFile(destination) {
            let what = Files.isDirectory(destination) ? "a directory" : "not a regular file"
            throw BuildError.output(
                "cannot write the file \(destination): it is \(what)",
                remedy: "name a file, or add tar=false to write the layout as a directory")
        }
    }

    public func offer(_ layer: Layer, ensureBlob: @escaping @Sendable (Layer) async throws -> Void) async throws {}

    public func export(
        _ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> [String] {
        let blobs = Self.blobs(of: result)
        let total = blobs.reduce(0) { $0 + $1.size }
        for image in result.images {
            for layer in image.layers { try await result.ensureBlob(layer) }
        }
        let sink: any LayoutSink =
            switch form {
            case .directory: DirectoryLayoutSink(root: destination)
            case .tar: try TarLayoutSink(destination: destination)
            }
        var completed: Int64 = 0
        try sink.add(Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), as: "oci-layout")
        for blob in blobs {
            try Task.checkCancellation()
            try store.verifyBlob(blob.digest)
            try sink.add(
                contentsOf: store.blobPath(blob.digest), size: blob.size,
                as: "blobs/\(blob.digest.algorithm.rawValue)/\(blob.digest.encoded)")
            completed += blob.size
            progress(completed, total)
        }
        try sink.add(index(for: result), as: "index.json")
        try sink.finish()
        return result.tags.isEmpty
            ? [destination.string] : result.tags.map { "\(destination.string):\($0.tag ?? "latest")" }
    }

    /// Everything that the root points to and the root itself, each once.
    private static func blobs(of result: BuildResult) -> [Descriptor] {
        var seen: Set<Digest> = []
        var blobs: [Descriptor] = []
        for image in result.images {
            for blob in image.layers.map(\.blob) + [image.config, image.descriptor]
            where seen.insert(blob.digest).inserted {
                blobs.append(blob)
            }
        }
        if seen.insert(result.root.digest).inserted { blobs.append(result.root) }
        return blobs
    }

    /// The names are annotations, as containerd and skopeo read them.
    private func index(for result: BuildResult) throws -> [UInt8] {
        var entries: [Descriptor] = result.tags.map { tag in
            var entry = result.root
            entry.annotations = ["io.containerd.image.name": tag.description]
            if let name = tag.tag { entry.annotations?["org.opencontainers.image.ref.name"] = name }
            return entry
        }
        if entries.isEmpty { entries = [result.root] }
        return try ImageAssembler.encode(Index(manifests: entries))
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Images
import Layers
import OCI
public import Store

/// Writes the files of the images as a tar file: owners, modes and attributes as they are, names in order.
public struct TarExporter: Exporter {
    let destination: OutputPlace
    let splitsPlatforms: Bool?
    let store: Store

    /// - Parameter splitsPlatforms: whether every platform gets a directory of its own; nil when there are several.
    public init(destination: OutputPlace, splitsPlatforms: Bool?, store: Store) {
        self.destination = destination
        self.splitsPlatforms = splitsPlatforms
        self.store = store
    }

    public var title: String { "write the files to \(destination.name)" }

    public func prepare() async throws { try destination.prepare(remedy: "name a file") }

    public func export(
        _ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> Publication {
        let split: FileSystemExport.Split = splitsPlatforms ?? result.isOfSeveral ? .directories : .merged
        let export = try await FileSystemExport(result, split: split)
        let total = export.items.reduce(0) { $0 + $1.entry.size }
        let staged = try StagedFile(destination, store: store)
        var completed: Int64 = 0
        try OutputFailure.explaining(destination.name) {
            let writer = LayerWriter(to: staged.file, compression: .none)
            try export.forEach { entry, content in
                try writer.append(entry, content: content.map { .file($0) } ?? .none)
                if entry.kind == .file {
                    completed += entry.size
                    progress(completed, total)
                }
            }
            _ = try writer.finish()
        }
        return Publication(
            places: [destination.name], reach: .files, title: staged.publishingTitle, publish: staged.publish)
    }
}

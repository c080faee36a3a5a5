// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
public import Images
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

    /// Where the layout goes.
    enum Place: Sendable {
        case directory(FilePath)
        case archive(OutputPlace)

        var name: String {
            switch self {
            case .directory(let path): path.string
            case .archive(let place): place.name
            }
        }
    }

    let place: Place
    let names: ImageNames?
    public let form: ImageForm
    let store: Store

    /// - Parameter names: the names in the layout; nil for those of the result.
    public init(
        destination: FilePath, form: Form, store: Store, names: ImageNames? = nil, as imageForm: ImageForm = ImageForm()
    ) {
        self.place = form == .directory ? .directory(destination) : .archive(.file(destination))
        self.names = names
        self.form = imageForm
        self.store = store
    }

    /// An archive in a file or on standard output.
    public init(archive: OutputPlace, store: Store, names: ImageNames? = nil, as imageForm: ImageForm = ImageForm()) {
        self.place = .archive(archive)
        self.names = names
        self.form = imageForm
        self.store = store
    }

    public var title: String { "write \(place.name)" }

    public func prepare() async throws {
        switch place {
        case .archive(let archive):
            try archive.prepare(remedy: "name a file, or add tar=false to write the layout as a directory")
        case .directory(let path):
            try OutputFailure.check(folder: path, for: path.string)
        }
    }

    public func export(
        _ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> Publication {
        let names = self.names ?? ImageNames(result.tags)
        let tags = result.named(names).map(\.name)
        let layout = ImageLayout(images: result.images, root: result.root, names: names)
        switch place {
        case .directory(let path):
            let sink = DirectoryLayoutSink(root: path)
            try await layout.write(to: sink, from: store, result, destination: path.string, progress)
            return Publication(places: Self.places(path.string, tags), names: tags, reach: .files) { _ in
                try OutputFailure.explaining(path.string) { try sink.add(layout.index(), as: LayoutFiles.indexName) }
            }
        case .archive(let archive):
            let staged = try StagedFile(archive, store: store)
            let sink = TarLayoutSink(staged.file)
            try await layout.write(to: sink, from: store, result, destination: archive.name, progress)
            try OutputFailure.explaining(archive.name) {
                try sink.add(layout.index(), as: LayoutFiles.indexName)
                try sink.finish()
            }
            return Publication(
                places: Self.places(archive.name, tags), names: tags, reach: .files, title: staged.publishingTitle,
                publish: staged.publish)
        }
    }

    private static func places(_ path: String, _ tags: [Reference]) -> [String] {
        tags.isEmpty ? [path] : tags.map { "\(path):\($0.tag ?? "latest")" }
    }
}

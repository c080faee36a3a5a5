// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
public import Images
import OCI
public import Store
public import SystemPackage

/// Writes an OCI image layout (image-spec image-layout.md), as a directory or as a tar file of one.
///
/// A directory that holds a layout already keeps what is in it, but for who has the same names; its index.json changes
/// as the last thing. A tar file appears under its name only when it is whole.
public struct OCILayoutExporter: Exporter {
    /// How the layout lies on disk.
    public enum Form: Sendable {
        case directory
        case tar
    }

    /// Where the layout goes.
    enum Place: Sendable {
        case directory(LayoutDirectory)
        case archive(OutputPlace)

        var name: String {
            switch self {
            case .directory(let layout): layout.title
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
        self.place = form == .directory ? .directory(LayoutDirectory(destination)) : .archive(.file(destination))
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
        case .directory(let directory): try directory.prepare()
        }
    }

    public func export(
        _ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> Publication {
        let names = self.names ?? ImageNames(result.tags)
        let tags = result.named(names).map(\.name)
        let layout = ImageLayout(images: result.images, root: result.root, names: names)
        switch place {
        case .directory(let directory):
            let hold = try await directory.hold()
            try await layout.write(to: directory, from: store, result, destination: directory.title, progress)
            return Publication(places: Self.places(directory.title, tags), names: tags, reach: .files) { _ in
                do { try await directory.update(layout.enter) } catch {
                    throw OutputFailure.explained(error, directory.title)
                }
                withExtendedLifetime(hold) {}
            }
        case .archive(let archive):
            let staged = try StagedFile(archive, store: store)
            let sink = TarLayoutSink(staged.file)
            try await layout.write(to: sink, from: store, result, destination: archive.name, progress)
            try OutputFailure.explaining(archive.name) { try layout.finish(sink) }
            return Publication(
                places: Self.places(archive.name, tags), names: tags, reach: .files, title: staged.publishingTitle,
                publish: staged.publish)
        }
    }

    private static func places(_ path: String, _ tags: [Reference]) -> [String] {
        tags.isEmpty ? [path] : tags.map { "\(path):\($0.tag ?? "latest")" }
    }
}

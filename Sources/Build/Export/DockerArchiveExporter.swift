// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Images
import OCI
public import Store

/// Writes the archive that `docker save` writes, which `docker load`, `podman load` and skopeo read: an OCI layout
/// with a manifest.json.
public struct DockerArchiveExporter: Exporter {
    let destination: OutputPlace
    let names: ImageNames?
    public let form: ImageForm
    let store: Store

    /// - Parameter names: the names in the archive; nil for those of the result.
    public init(destination: OutputPlace, store: Store, names: ImageNames? = nil, as form: ImageForm) {
        self.destination = destination
        self.names = names
        self.form = form
        self.store = store
    }

    public var title: String { "write \(destination.name)" }

    public func prepare() async throws { try destination.prepare(remedy: "name a file") }

    public func export(
        _ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> Publication {
        guard let image = result.images.first, result.images.count == 1 else { throw Self.severalPlatforms }
        let names = self.names ?? ImageNames(result.tags)
        let staged = try StagedFile(destination, store: store)
        try await Self.write(
            ImageLayout(images: [image], root: result.root, names: names), to: staged, from: store, result,
            destination: destination.name, progress)
        return Publication(
            places: [destination.name], names: result.named(names).map(\.name), reach: .files,
            title: staged.publishingTitle,
            publish: staged.publish)
    }

    /// Writes a layout; one of a single image with Docker's own manifest.
    static func write(
        _ layout: ImageLayout, to staged: StagedFile, from store: Store, _ result: BuildResult, destination: String,
        _ progress: (Int64, Int64) -> Void
    ) async throws {
        let sink = TarLayoutSink(staged.file)
        try await layout.write(to: sink, from: store, result, destination: destination, progress)
        try OutputFailure.explaining(destination) {
            try layout.finish(sink, dockerManifest: layout.images.count == 1 ? layout.dockerManifest() : nil)
        }
    }

    /// Why an archive of Docker's cannot be made of several platforms.
    public static let severalPlatforms = BuildError.output(
        "an archive for Docker holds one platform, and several are built",
        remedy:
            "use type=oci, which docker load (containerd image store), podman load and skopeo read; or one --platform")
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Images
public import OCI
public import Registry
public import Store
import Synchronization
import SystemPackage

/// Loads the result into a Docker or podman that runs on this machine.
///
/// Several platforms go in together where the daemon can keep them, else the one that this machine runs.
public final class DaemonExporter: Exporter {
    private let daemons: [DaemonEndpoint]
    private let store: Store
    private let names: ImageNames?
    public let form: ImageForm
    private let found = Mutex<(client: DaemonClient, info: DaemonClient.Info)?>(nil)
    private let platforms: [Platform]

    /// - Parameters:
    ///   - daemons: where one may answer; the first that does is taken.
    ///   - names: the names of the image; nil for those of the result.
    ///   - platforms: what will be built.
    public init(
        daemons: [DaemonEndpoint], store: Store, names: ImageNames? = nil, as form: ImageForm, platforms: [Platform]
    ) {
        self.daemons = daemons
        self.store = store
        self.names = names
        self.form = form
        self.platforms = platforms
    }

    public var title: String { "pack the image for \(found.withLock { $0?.info.kind.rawValue } ?? "Docker")" }

    public func prepare() async throws {
        var reasons: [String] = []
        for endpoint in daemons {
            let client = DaemonClient(endpoint)
            do {
                let info = try await client.info()
                found.withLock { $0 = (client, info) }
                if platforms.count > 1, !info.keepsIndexes { _ = try loadablePlatform(info) }
                return
            } catch let error as DaemonError {
                reasons.append("\(error)")
            }
        }
        throw BuildError.output(
            "there is no Docker or podman to load the image into: " + reasons.joined(separator: "; "),
            remedy: """
                start one (for podman: systemctl --user start podman.socket), name it with DOCKER_HOST, or write a \
                file with --output type=docker,dest=FILE for docker load or podman load
                """)
    }

    private func loadablePlatform(_ info: DaemonClient.Info) throws -> Platform {
        if let platform = Platform.host.runnable.first(where: platforms.contains) { return platform }
        throw BuildError.output(
            "\(info.kind.rawValue) can load one platform only, and none of those built is this machine's",
            remedy: "build for one --platform, or use type=oci,dest=FILE")
    }

    public func export(
        _ result: BuildResult, progress: @escaping @Sendable (Int64, Int64) -> Void
    ) async throws -> Publication {
        guard let (client, info) = found.withLock({ $0 }) else {
            throw BuildError.output("the image cannot be loaded: no daemon was looked for", remedy: nil)
        }
        let layout = try layout(of: result, names ?? ImageNames(result.tags), for: info)
        let tags = layout.tags
        let staged = try StagedFile(.standardOutput, store: store)
        try await DockerArchiveExporter.write(
            layout, to: staged, from: store, result, destination: staged.path.string, progress)
        let places = tags.isEmpty ? [layout.root.digest.description] : tags.map(\.familiar)
        return Publication(
            places: places.map { "\(info.kind.rawValue): \($0)" }, names: tags, reach: .daemon,
            title: "load into \(info.kind.rawValue)"
        ) { progress in
            let size = staged.size
            do {
                try await client.load(staged.path, size: size) { progress($0, size) }
            } catch let error as DaemonError {
                throw BuildError.output("cannot load the image: \(error)", remedy: nil)
            }
        }
    }

    private func layout(
        of result: BuildResult, _ names: ImageNames, for info: DaemonClient.Info
    ) throws -> ImageLayout {
        if result.images.count == 1 || info.keepsIndexes {
            return ImageLayout(images: result.images, root: result.root, names: names)
        }
        let platform = try loadablePlatform(info)
        let images = result.images.filter { $0.platform == platform }
        result.warn(
            BuildWarning("\(info.kind.rawValue) keeps one platform under a name: only \(platform) is loaded"))
        return ImageLayout(images: images, root: images.first?.descriptor ?? result.root, names: names)
    }
}

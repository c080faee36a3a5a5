// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Registry
import Store
import SystemPackage

/// Writes an image into a tar file of an OCI layout, or of `docker save`, which appears under its name when it is whole.
actor ArchiveWriter: ImageWriter {
    /// What the file is for.
    enum Kind: Sendable {
        case layout
        /// For one platform: with the file that Docker reads.
        case docker
    }

    nonisolated let title: String
    nonisolated let holdsOnePlatform: Bool
    private let place: OutputPlace
    private let kind: Kind
    private let names: [Reference]
    private let tag: String?
    private let store: Store
    private var staged: StagedFile?
    private var sink: TarLayoutSink?
    private var written: Set<Digest> = []

    /// - Parameters:
    ///   - tag: the name of the image in the layout.
    ///   - name: the whole name, for those who read that.
    init(path: FilePath, as kind: Kind, tag: String?, name: Reference?, store: Store) {
        place = .file(following: path)
        title = path.string
        holdsOnePlatform = kind == .docker
        self.kind = kind
        self.tag = tag
        names = name.map { [$0] } ?? []
        self.store = store
    }

    func prepare() async throws { try place.prepare(remedy: "name a file") }

    /// An archive is always written anew.
    func current() async throws -> Digest? { nil }

    func put(
        _ supply: BlobSupply, progress: @escaping @Sendable (Int64) -> Void
    ) async throws -> PushOutcome {
        // A tar file is written by one at a time, so each blob has to be at hand first.
        let file = try await supply.file()
        try add(file, supply.blob)
        progress(supply.blob.size)
        return .uploaded
    }

    func put(_ document: FetchedManifest) async throws {
        guard written.insert(document.descriptor.digest).inserted else { return }
        let sink = try open()
        try OutputFailure.explaining(title) {
            try sink.put(document.bytes, as: document.descriptor.digest)
        }
    }

    func publish(_ image: ImageSelection) async throws -> [String] {
        try await put(image.root)
        let sink = try open()
        var index = LayoutIndex()
        index.add(image.root.descriptor, tag.map { .init(tag: $0, reference: names.first) })
        var dockerManifest: [UInt8]?
        if kind == .docker, let manifest = image.images.first?.manifest {
            dockerManifest = try LayoutFiles.dockerManifest([(manifest.config, manifest.layers)], named: names)
        }
        try OutputFailure.explaining(title) {
            try sink.finish(index, dockerManifest: dockerManifest)
            try staged?.publish { _, _ in }
        }
        staged = nil
        return [title]
    }

    func close() async {
        sink = nil
        staged = nil
    }

    private func add(_ file: FilePath, _ blob: Descriptor) throws {
        guard written.insert(blob.digest).inserted else { return }
        let sink = try open()
        try OutputFailure.explaining(title) {
            try sink.put(contentsOf: file, as: blob)
        }
    }

    private func open() throws -> TarLayoutSink {
        if let sink { return sink }
        let staged = try StagedFile(place, store: store)
        let sink = TarLayoutSink(staged.file)
        self.staged = staged
        self.sink = sink
        return sink
    }
}

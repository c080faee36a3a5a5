// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Audit
import FoundationEssentials
public import Images
import Layers
public import OCI
import Registry
public import Store
import SystemPackage

/// Audits images where they lie. Layers are read through, not unpacked, each once; what is learned of them is kept, the
/// bytes are not.
public struct ImageAuditor: Sendable {
    private static let breadth = 4

    private let reader: any ImageReader
    private let store: Store
    private let policy: AuditPolicy
    private let events: EventRelay
    private let inspected = SingleFlight<Digest, Void>()

    /// What became of one image of a list.
    public struct Outcome: Sendable {
        public let platform: Platform
        /// The manifest's digest.
        public let digest: Digest
        public let result: Result<PlatformAudit, any Error>
    }

    /// - Parameters:
    ///   - store: keeps what is known of layers.
    ///   - events: is told what is read.
    public init(_ reader: any ImageReader, store: Store, policy: AuditPolicy, events: EventRelay) {
        self.reader = reader
        self.store = store
        self.policy = policy
        self.events = events
    }

    /// Audits the images for some platforms, or all that there are.
    ///
    /// - Returns: The digest of what the name stands for, and each image's outcome in the order of the list.
    /// - Throws: ``ImagesError``, ``ManifestError`` and what the place throws when its documents cannot be read;
    ///   `CancellationError`. What goes wrong with one image is in its outcome.
    public func run(for platforms: [Platform] = []) async throws -> (root: Digest, outcomes: [Outcome]) {
        let choice = ImageSelection.Choice(platforms: platforms, keepsAttestations: false)
        let selection = try await ImageSelection(choice, from: reader)
        let images = selection.runnable.filter { $0.manifest.config.mediaType.oci == .ociConfig }
        guard !images.isEmpty else {
            throw ImagesError.badImage(title: reader.title, reason: "there is no image in it that could be run")
        }
        var outcomes: [Outcome] = []
        for image in images { outcomes.append(try await outcome(of: image)) }
        return (selection.root.descriptor.digest, outcomes)
    }

    private func outcome(of image: ImageSelection.Image) async throws -> Outcome {
        var platform = image.platform ?? Platform(os: "unknown", architecture: "unknown")
        let digest = image.document.descriptor.digest
        do {
            let bytes = try await reader.bytes(image.manifest.config)
            guard let config = try? JSONDecoder().decode(ImageConfig.self, from: Data(bytes)) else {
                throw ImagesError.badImage(title: reader.title, reason: "its config is none of an image")
            }
            platform = image.platform ?? config.platform
            let audit = try await audit(image.manifest, config, for: platform)
            return Outcome(platform: platform, digest: digest, result: .success(audit))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return Outcome(platform: platform, digest: digest, result: .failure(error))
        }
    }

    private func audit(
        _ manifest: Manifest, _ config: ImageConfig, for platform: Platform
    ) async throws -> PlatformAudit {
        let diffIDs = config.rootfs.diffIDs
        guard diffIDs.count == manifest.layers.count else {
            throw ImagesError.badImage(
                title: reader.title,
                reason: "its manifest for \(platform) has \(manifest.layers.count) layers, its config \(diffIDs.count)")
        }
        try await inspect(Array(zip(manifest.layers, diffIDs)), for: platform)
        let words = config.instructionsOfLayers
        let layers = try diffIDs.enumerated().map { place, diffID in
            let origin = AuditFinding.LayerOrigin(
                diffID: diffID, instruction: words.indices.contains(place) ? words[place] : nil, line: nil)
            return AuditedImage.Layer(origin: origin, content: try content(of: diffID))
        }
        var audit = ImageAudit(
            AuditedImage(platform: platform, config: config.config ?? ContainerConfig(), layers: layers),
            policy: policy)
        audit.auditConfig(of: config.platform, named: "the image")
        return audit.run()
    }

    /// Reads the layers of which nothing is known yet, some at a time.
    private func inspect(_ layers: [(Descriptor, Digest)], for platform: Platform) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, (blob, diffID)) in layers.enumerated() where !blob.isForeign {
                if number >= Self.breadth { try await group.next() }
                group.addTask {
                    try await inspected.value(for: diffID) { try await inspect(blob, diffID, for: platform) }
                }
            }
            try await group.waitForAll()
        }
    }

    private func inspect(_ blob: Descriptor, _ diffID: Digest, for platform: Platform) async throws {
        if try content(of: diffID) != nil { return }
        let step = events.step("read \(reader.title) \(blob.digest.short)", platforms: [platform])
        try await events.perform(step) {
            let spooled = try await reader.spooled(blob, in: store) { completed in
                events.send(.progressed(step: step.id, completed: completed, total: blob.size))
            }
            let file = try FileDescriptor.open(spooled.path, .readOnly, options: .closeOnExec)
            defer { try? file.close() }
            try store.inspect(file, LayerExpectation(blob, diffID: diffID), diffID)
            return ((), .done)
        }
    }

    private func content(of diffID: Digest) throws -> AuditedImage.Layer.Content? {
        guard let facts = try store.facts(diffID), let index = try store.index(diffID) else { return nil }
        return .init(index: index, facts: facts)
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import Layers
public import OCI
import Registry
public import Store
import SystemPackage

/// Does what clients of several platforms do when they pull an image, and finds out whether they can.
///
/// Every document and every blob is read from where the image lies, even when the store has it, and must have its digest
/// and its size; layers must have the diff IDs of the config. What several platforms share is read once.
public struct PullRehearsal: Sendable {
    /// What becomes of the blobs.
    public enum Keeping: Sendable {
        /// Nothing is left of them.
        case nothing
        /// They are put into the store, for whoever runs the images.
        case blobs
    }

    /// Lists may lead to lists so often.
    private static let deepest = 4
    private static let breadth = 4

    private let reader: any ImageReader
    private let root: FetchedManifest
    private let store: Store
    private let keeping: Keeping
    private let checked = SingleFlight<CheckedBlob, Void>()

    /// - Throws: what the place throws when it does not have the image.
    public init(_ reader: any ImageReader, store: Store, keeping: Keeping = .nothing) async throws {
        self.reader = reader
        self.store = store
        self.keeping = keeping
        root = try await reader.root()
    }

    /// The digest of what the name stands for.
    public var digest: Digest { root.descriptor.digest }

    /// The platforms of the image, in its order.
    ///
    /// - Throws: ``PullProblem``, ``ManifestError``; what the place throws.
    public func platforms() async throws -> [Platform] {
        guard root.descriptor.mediaType.isIndex else {
            return [try await config(of: try manifest(root)).config.platform]
        }
        var seen: Set<Platform> = []
        return try list(root).entries.compactMap { entry in
            if case .attestation = entry.role { return nil }
            if case .artifact = entry.role { return nil }
            guard let platform = entry.platform, !platform.isUnknown else { return nil }
            return seen.insert(platform.platform).inserted ? platform.platform : nil
        }
    }

    /// The image that a client of a platform chooses, by its documents alone.
    ///
    /// - Throws: ``PullProblem``, ``ManifestError``; what the place throws; `CancellationError`.
    public func image(for platform: Platform) async throws -> PulledImage {
        let image = try await find(platform, in: root, depth: 0)
        let (blobs, diffIDs) = (image.manifest.layers.count, image.config.rootfs.diffIDs.count)
        guard blobs == diffIDs else { throw PullProblem.layerCount(manifest: blobs, config: diffIDs) }
        return image
    }

    /// Pulls as a client of a platform does.
    ///
    /// - Parameter progress: is told how many of the image's bytes have been checked.
    /// - Throws: ``PullProblem``, ``ManifestError``; what the place throws; `CancellationError`.
    public func pull(
        for platform: Platform, progress: @escaping @Sendable (_ completed: Int64, _ total: Int64) -> Void = { _, _ in }
    ) async throws -> PulledImage {
        let image = try await image(for: platform)
        let (manifest, diffIDs) = (image.manifest, image.config.rootfs.diffIDs)
        let ledger = CopyLedger(total: image.size, report: progress)
        ledger.note(manifest.config.size, of: manifest.config)
        let layers = Array(zip(manifest.layers, diffIDs).enumerated())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, (blob, diffID)) in layers where !blob.isForeign {
                if number >= Self.breadth { try await group.next() }
                group.addTask {
                    try await part("layer \(number + 1) of \(layers.count)", blob) {
                        try await checked.value(for: CheckedBlob(blob: blob, diffID: diffID)) {
                            try await check(blob, diffID) { ledger.note($0, of: blob) }
                        }
                    }
                    ledger.note(blob.size, of: blob)
                }
            }
            try await group.waitForAll()
        }
        return image
    }
}

// MARK: Documents

extension PullRehearsal {
    private struct Choice {
        let pick: Pick
        let entry: WrittenEntry
        let notes: [String]
    }

    private func find(
        _ platform: Platform, in document: FetchedManifest, depth: Int, chosen: Choice? = nil
    ) async throws -> PulledImage {
        guard document.descriptor.mediaType.isIndex else {
            return try await image(document, platform, chosen)
        }
        guard depth < Self.deepest else { throw PullProblem.tooDeep(title: reader.title) }
        let list = try list(document)
        let pick = list.pick(for: platform)
        guard let position = pick.entry, list.entries.indices.contains(position),
            let descriptor = list.entries[position].reference
        else {
            let listed = list.entries.compactMap(\.platform).filter { !$0.isUnknown }.map(\.description)
            throw PullProblem.noMatch(platform, title: reader.title, listed: listed)
        }
        let entry = list.entries[position]
        let found: FetchedManifest
        do { found = try await reader.document(descriptor) } catch let error where !(error is CancellationError) {
            throw PullProblem.part("the manifest for \(platform)", descriptor.digest, reason: "\(error)")
        }
        return try await find(
            platform, in: found, depth: depth + 1,
            chosen: Choice(pick: pick, entry: entry, notes: Self.notes(platform, pick, list)))
    }

    private func image(
        _ document: FetchedManifest, _ platform: Platform, _ chosen: Choice?
    ) async throws -> PulledImage {
        let manifest = try manifest(document)
        let (config, written) = try await config(of: manifest)
        let listed = chosen?.entry.platform
        // 32-bit ARM without a variant says nothing of it; the list does.
        let claimed =
            written.architecture.lowercased() == "arm" && written.variant == nil && listed != nil
            ? listed?.platform ?? config.platform : config.platform
        let isSame = listed.map { $0.platform.os == claimed.os && $0.platform.architecture == claimed.architecture }
        if let listed, isSame != true || !platform.runs(claimed) {
            throw PullProblem.disagreement(
                listed: listed.platform.description, config: written.description, manifest: document.descriptor.digest)
        }
        guard platform.runs(claimed) else {
            throw PullProblem.otherPlatform(platform, title: reader.title, actual: written.description)
        }
        return PulledImage(
            platform: platform, pick: chosen?.pick, listed: listed, descriptor: document.descriptor,
            manifest: manifest, config: config, notes: chosen?.notes ?? [])
    }

    private func list(_ document: FetchedManifest) throws -> WrittenIndex {
        // Whoever could read it both ways is refused there.
        _ = try document.content()
        return try JSONDecoder().decode(WrittenIndex.self, from: Data(document.bytes))
    }

    private func manifest(_ document: FetchedManifest) throws -> Manifest {
        guard case .manifest(let manifest) = try document.content() else {
            throw PullProblem.noImage(document.descriptor.digest, reason: "it is a list")
        }
        guard manifest.config.mediaType.oci == .ociConfig else {
            throw PullProblem.noImage(
                document.descriptor.digest, reason: "its config is of type \(manifest.config.mediaType)")
        }
        return manifest
    }

    private func config(of manifest: Manifest) async throws -> (config: ImageConfig, written: WrittenPlatform) {
        let bytes = try await part("the config", manifest.config) { try await reader.bytes(manifest.config) }
        do {
            if keeping == .blobs { try store.writeBlob(bytes) }
            return (
                try JSONDecoder().decode(ImageConfig.self, from: Data(bytes)),
                try JSONDecoder().decode(WrittenPlatform.self, from: Data(bytes))
            )
        } catch is DecodingError {
            throw PullProblem.part("the config", manifest.config.digest, reason: "it is no config of an image")
        }
    }

    /// What a person may not expect of how clients choose.
    private static func notes(_ platform: Platform, _ pick: Pick, _ list: WrittenIndex) -> [String] {
        var notes: [String] = []
        let same = list.entries.filter { entry in
            if case .image = entry.role { entry.platform?.platform == platform } else { false }
        }
        if same.count > 1 { notes.append("\(same.count) entries are for \(platform); clients take the first") }
        if list.pick(for: platform, by: .podman).entry == nil { notes.append("podman and skopeo find nothing") }
        return notes
    }
}

// MARK: Blobs

extension PullRehearsal {
    private struct CheckedBlob: Hashable {
        let blob: Descriptor
        let diffID: Digest
    }

    private func check(_ blob: Descriptor, _ diffID: Digest, progress: @Sendable (Int64) -> Void) async throws {
        let fetched = try await reader.spooled(blob, in: store, progress: progress)
        let file = try FileDescriptor.open(fetched.path, .readOnly, options: .closeOnExec)
        defer { try? file.close() }
        _ = try Unpacker.index(file, expecting: LayerExpectation(blob, diffID: diffID))
        guard keeping == .blobs, !store.hasBlob(blob.digest, size: blob.size) else { return }
        let ingest = try store.ingest()
        try BlobFile.read(fetched.path, blob) { try ingest.write($0) }
        try ingest.commit(expected: blob.digest)
    }

    /// Does something with a part of an image; what goes wrong names the part.
    private func part<Result>(
        _ name: String, _ blob: Descriptor, _ body: () async throws -> sending Result
    ) async throws -> sending Result {
        do { return try await body() } catch let error as PullProblem {
            throw error
        } catch let error where !(error is CancellationError) {
            throw PullProblem.part(name, blob.digest, reason: "\(error)")
        }
    }
}

extension WrittenEntry {
    /// The entry as something to fetch.
    fileprivate var reference: Descriptor? {
        digest.map {
            Descriptor(mediaType: mediaType ?? .ociManifest, digest: $0, size: size ?? 0, platform: platform?.platform)
        }
    }
}

extension Platform {
    /// Whether a machine of this platform runs an image of another one.
    fileprivate func runs(_ other: Platform) -> Bool {
        runnable.contains {
            $0.os == other.os && $0.architecture == other.architecture && $0.variant == other.variant
        }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
import Registry
import Synchronization

extension ImageSelection {
    /// An index inside an index inside an index is somebody's mistake.
    private static let deepest = 4
    /// So many documents, and so many bytes of them, are read; an index may name one a thousand times.
    static let mostDocuments = 2_000
    private static let mostBytes = 256 << 20
    /// So many documents are asked for at a time.
    private static let breadth = 6

    /// Reads what a place has, and chooses of it.
    ///
    /// - Throws: ``ImagesError``, ``ManifestError``, and what the place has to say.
    public init(_ choice: Choice = Choice(), from reader: any ImageReader) async throws {
        var root = try await reader.root()
        let budget = DocumentBudget(documents: Self.mostDocuments, bytes: Self.mostBytes, title: reader.title)
        // What a layout calls an image is no part of the image.
        for key in WrittenEntry.layoutKeys { root.descriptor.annotations?[key] = nil }
        if root.descriptor.annotations?.isEmpty == true { root.descriptor.annotations = nil }
        switch try root.content() {
        case .manifest(let manifest):
            let image = try await Self.image(root, manifest, entry: root.descriptor, reader)
            if let wanted = choice.platforms.first(where: {
                !(image.platform.map($0.acceptableBases.contains) ?? false)
            }) {
                throw ImagesError.noPlatform(
                    wanted, title: reader.title, available: image.platform.map { [$0] } ?? [])
            }
            self.init(root: root, images: [image], documents: [])
        case .index(var index):
            let kept = try Self.kept(of: index, choice, title: reader.title)
            if choice.platforms.count == 1, let entry = kept.first {
                let document = try await reader.document(entry)
                let (images, documents) = try await Self.collect([entry], reader, budget, depth: 1)
                self.init(root: document, images: images, documents: documents.filter { $0 != document })
                return
            }
            let (images, documents) = try await Self.collect(kept, reader, budget, depth: 1)
            if kept == index.manifests {
                self.init(root: root, images: images, documents: documents)
                return
            }
            index.manifests = kept
            let bytes = try LayoutFiles.encode(index)
            let descriptor = Descriptor(
                mediaType: root.descriptor.mediaType, digest: .sha256(of: bytes), size: Int64(bytes.count))
            self.init(root: FetchedManifest(descriptor: descriptor, bytes: bytes), images: images, documents: documents)
        }
    }

    /// The entries that are wanted, in the index's order.
    private static func kept(of index: Index, _ choice: Choice, title: String) throws -> [Descriptor] {
        var entries = index.manifests
        if !choice.platforms.isEmpty {
            var chosen: Set<Digest> = []
            for platform in choice.platforms {
                guard let entry = index.manifest(for: platform) else {
                    throw ImagesError.noPlatform(platform, title: title, available: index.platforms)
                }
                chosen.insert(entry.digest)
            }
            let keepsAttestations = choice.keepsAttestations && choice.platforms.count > 1
            entries = entries.filter { entry in
                entry.isAttestation
                    ? keepsAttestations && entry.attested.map(chosen.contains) ?? false : chosen.contains(entry.digest)
            }
        } else if !choice.keepsAttestations {
            entries = entries.filter { !$0.isAttestation }
        }
        return entries
    }

    /// The images that entries lead to, and all documents on the way.
    private static func collect(
        _ entries: [Descriptor], _ reader: any ImageReader, _ budget: DocumentBudget, depth: Int
    ) async throws -> (images: [Image], documents: [FetchedManifest]) {
        guard depth <= deepest else {
            throw ImagesError.badImage(title: reader.title, reason: "its indexes are nested too deeply")
        }
        typealias Part = (place: Int, images: [Image], documents: [FetchedManifest])
        let parts = try await withThrowingTaskGroup(of: Part.self) { group in
            var parts: [Part] = []
            for (place, entry) in entries.enumerated() {
                if place >= breadth, let part = try await group.next() { parts.append(part) }
                group.addTask {
                    let document = try await reader.document(entry)
                    try budget.spend(document)
                    switch try document.content() {
                    case .manifest(let manifest):
                        return (place, [try await image(document, manifest, entry: entry, reader)], [document])
                    case .index(let index):
                        let (images, documents) = try await collect(
                            index.manifests, reader, budget, depth: depth + 1)
                        return (place, images, documents + [document])
                    }
                }
            }
            for try await part in group { parts.append(part) }
            return parts.sorted { $0.place < $1.place }
        }
        var seen: Set<Digest> = []
        let documents = parts.flatMap(\.documents).filter { seen.insert($0.descriptor.digest).inserted }
        return (parts.flatMap(\.images), documents)
    }

    private static func image(
        _ document: FetchedManifest, _ manifest: Manifest, entry: Descriptor, _ reader: any ImageReader
    ) async throws -> Image {
        var platform = entry.platform
        if platform == nil, manifest.config.mediaType.oci == .ociConfig {
            let bytes = try await reader.bytes(manifest.config)
            platform = (try? JSONDecoder().decode(ImageConfig.self, from: Data(bytes)))?.platform
        }
        return Image(
            platform: platform, document: document, manifest: manifest, isAttestation: entry.isAttestation,
            attested: entry.attested)
    }
}

/// How much of an image's documents is read before somebody's mistake, or malice, is suspected.
private final class DocumentBudget: Sendable {
    private let left: Mutex<(documents: Int, bytes: Int)>
    private let title: String

    init(documents: Int, bytes: Int, title: String) {
        left = Mutex((documents, bytes))
        self.title = title
    }

    /// - Throws: ``ImagesError/badImage(title:reason:)`` when nothing is left.
    func spend(_ document: FetchedManifest) throws {
        let isWithin = left.withLock { left in
            left.documents -= 1
            left.bytes -= document.bytes.count
            return left.documents >= 0 && left.bytes >= 0
        }
        guard isWithin else { throw ImagesError.badImage(title: title, reason: "its lists lead to too many images") }
    }
}

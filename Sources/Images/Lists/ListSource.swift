// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
public import OCI
import Registry

/// One source of a list: an image in some place, or a list whose images are wanted.
public struct ListSource: Sendable {
    private let reader: any ImageReader
    private let given: GivenPlatform?
    private let platforms: [Platform]
    private let attestations: AttestationPolicy

    /// - Parameters:
    ///   - reader: the place.
    ///   - given: the platform that the list is to show for the image; of a list, the image that a machine of this
    ///     platform gets.
    ///   - platforms: of a list only the images that machines of these get; all when empty.
    ///   - attestations: what becomes of those of the list.
    public init(
        _ reader: any ImageReader, as given: GivenPlatform? = nil, platforms: [Platform] = [],
        attestations: AttestationPolicy = .keep
    ) {
        self.reader = reader
        self.given = given
        self.platforms = platforms
        self.attestations = attestations
    }

    /// What the place has for a list, read anew each time.
    ///
    /// - Throws: ``ImagesError``, ``OCIError``, ``ManifestError``, and what the place has to say.
    public func parts() async throws -> [ListPart] {
        let root = try await reader.root()
        switch try root.content() {
        case .manifest(let manifest):
            let known = root.descriptor
            let plain = Descriptor(
                mediaType: known.mediaType, digest: known.digest, size: known.size, platform: known.platform)
            let part = try await part(plain, manifest, given)
            let platform = part.entry.descriptor.platform
            guard given == nil, !platforms.isEmpty, let platform else { return [part] }
            guard platforms.contains(where: { $0.acceptableBases.contains(platform) }) else {
                throw ImagesError.noPlatform(platforms[0], title: reader.title, available: [platform])
            }
            return [part]
        case .index(let index):
            return try await parts(of: index)
        }
    }

    private func parts(of index: Index) async throws -> [ListPart] {
        let images = index.manifests.filter { $0.role == .image }
        var wanted = given.map { [$0.platform] } ?? platforms
        // Who says what the only image is for has no choice to make.
        if given != nil, images.count == 1 { wanted = [] }
        if let missing = wanted.first(where: { index.manifest(for: $0) == nil }) {
            throw ImagesError.noPlatform(missing, title: reader.title, available: index.platforms)
        }
        let chosen = try index.selection(of: wanted, attestations: attestations)
        // Nobody could copy more, and each is looked at.
        guard chosen.count <= ImageSelection.mostDocuments else {
            throw ImagesError.badImage(title: reader.title, reason: "it lists \(chosen.count) images")
        }
        var parts: [Int: ListPart] = [:]
        try await withThrowingTaskGroup(of: (Int, ListPart).self) { group in
            for (place, entry) in chosen.enumerated() {
                if place >= Self.breadth, let (place, part) = try await group.next() { parts[place] = part }
                group.addTask { (place, try await part(entry)) }
            }
            for try await (place, part) in group { parts[place] = part }
        }
        return chosen.indices.compactMap { parts[$0] }
    }

    /// So many entries are looked at together.
    private static let breadth = 6

    private func part(_ entry: Descriptor) async throws -> ListPart {
        guard entry.role == .image else { return ListPart(entry, of: reader) }
        guard case .manifest(let manifest) = try await reader.document(entry).content() else {
            return ListPart(entry, of: reader)
        }
        return try await part(entry, manifest, given)
    }

    private func part(
        _ descriptor: Descriptor, _ manifest: Manifest, _ given: GivenPlatform?
    ) async throws -> ListPart {
        var config: WrittenPlatform?
        if !manifest.isArtifact {
            config = try? JSONDecoder().decode(
                WrittenPlatform.self, from: Data(try await reader.bytes(manifest.config)))
        }
        let entry = try ListEntry(descriptor, manifest: manifest, config: config, given: given)
        return ListPart(
            entry, from: [reader],
            title: (entry.descriptor.platform.map { "\($0) of " } ?? "") + reader.title)
    }
}

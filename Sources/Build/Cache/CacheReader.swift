// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import FoundationEssentials
import OCI
import Registry

/// Reads what a cache remembers for some platforms: an index and a config for each of them, no layers.
///
/// A cache that cannot be read is never an error: the steps are then done.
struct CacheReader: Sendable {
    let source: any CacheSource
    let platforms: [Platform]

    /// What came of it.
    struct Result: Sendable {
        var source: any CacheSource
        var records: [(record: CacheRecord, blob: Descriptor?)] = []
        var byteCount: Int64 = 0
        var startedAt = ContinuousClock.now
        var endedAt = ContinuousClock.now
        /// Why there is less than there could be.
        var warning: String?
    }

    /// - Throws: nothing but `CancellationError`.
    func read() async throws -> Result {
        var result = Result(source: source)
        do {
            try await read(into: &result)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            result.records = []
            result.warning = "the cache \(source.name) is not used: \(error)"
        }
        result.endedAt = .now
        return result
    }

    private func read(into result: inout Result) async throws {
        guard let root = try await source.root() else {
            result.warning = "there is no cache at \(source.name) yet"
            return
        }
        result.byteCount += root.descriptor.size
        var manifests: [FetchedManifest] = []
        switch try root.content() {
        case .manifest: manifests = [root]
        case .index(let index):
            let (wanted, missing) = entries(of: index)
            manifests = try await withThrowingTaskGroup(of: (Int, FetchedManifest).self) { group in
                for (number, entry) in wanted.enumerated() {
                    group.addTask { (number, try await source.manifest(entry)) }
                }
                var found: [Int: FetchedManifest] = [:]
                for try await (number, manifest) in group { found[number] = manifest }
                return wanted.indices.compactMap { found[$0] }
            }
            if !missing.isEmpty, !wanted.isEmpty {
                let list = missing.map(\.description).joined(separator: ", ")
                result.warning = "the cache \(source.name) has nothing for \(list) yet"
            }
        }
        for manifest in manifests {
            let (records, byteCount) = try await records(of: manifest)
            result.byteCount += (manifest.descriptor == root.descriptor ? 0 : manifest.descriptor.size) + byteCount
            result.records += records
        }
        if result.records.isEmpty { throw CacheError.noRecords }
    }

    /// The entries for the platforms; when one is missing, another's may still know the steps that they share.
    private func entries(of index: Index) -> (wanted: [Descriptor], missing: [Platform]) {
        let images = index.manifests.filter { $0.mediaType.isManifest && $0.platform != nil }
        var wanted: [Descriptor] = []
        var missing: [Platform] = []
        for platform in platforms {
            if let entry = images.first(where: { $0.platform == platform }) {
                wanted.append(entry)
            } else {
                missing.append(platform)
            }
        }
        if !missing.isEmpty {
            let other = images.first { $0.platform == .host } ?? images.first
            if let other, !wanted.contains(other) { wanted.append(other) }
        }
        return (wanted, missing)
    }

    private func records(
        of fetched: FetchedManifest
    ) async throws -> (records: [(record: CacheRecord, blob: Descriptor?)], byteCount: Int64) {
        guard case .manifest(let manifest) = try fetched.content() else {
            throw CacheError.malformed("it is an index inside an index")
        }
        let bytes = try await source.bytes(of: manifest.config)
        guard let config = try? JSONDecoder().decode(CacheConfig.self, from: Data(bytes)), let records = config.records
        else { return ([], Int64(bytes.count)) }
        let diffIDs = config.image.rootfs.diffIDs
        guard diffIDs.count == manifest.layers.count else {
            throw CacheError.malformed(
                "its config names \(diffIDs.count) layers, its manifest \(manifest.layers.count)")
        }
        let blobs = Dictionary(
            zip(diffIDs, manifest.layers).compactMap { id, blob in Self.layer(blob).map { (id, $0) } }
        ) {
            first, _ in first
        }
        return (records.filter(Self.isSound).map { ($0, blobs[$0.diffID]) }, Int64(bytes.count))
    }

    /// What an image may be made of: nothing but a layer of a known kind, without addresses elsewhere.
    private static func layer(_ blob: Descriptor) -> Descriptor? {
        let kinds: Set<MediaType> = [.ociLayer, .ociLayerGzip, .ociLayerZstd, .dockerLayer, .dockerLayerGzip]
        guard kinds.contains(blob.mediaType), blob.size >= 0 else { return nil }
        return Descriptor(mediaType: blob.mediaType.oci, digest: blob.digest, size: blob.size)
    }

    /// Whether the time, which images will have in their history, is one.
    private static func isSound(_ record: CacheRecord) -> Bool {
        let form = Array("0000-00-00T00:00:00Z".utf8)
        let text = Array(record.created.utf8)
        return text.count == form.count
            && zip(text, form).allSatisfy { $1 == UInt8(ascii: "0") ? (48...57).contains($0) : $0 == $1 }
    }
}

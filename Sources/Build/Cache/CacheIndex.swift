// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI
import Registry

/// The index of a cache: an entry for each platform, written by builds that each know only some of them.
enum CacheIndex {
    /// Marks an index as ours.
    static let annotation = "manifold.cache"
    static let version = "v1"

    /// The index with new entries in place of those of the same platforms, and all others as they were.
    ///
    /// What another builder's cache left under the name is replaced; an image is not.
    ///
    /// - Throws: ``CacheError/notACache``.
    static func merging(_ entries: [Descriptor], into current: FetchedManifest?) throws -> Index {
        var kept: [Descriptor] = []
        if let current {
            switch try? current.content() {
            case .index(let index) where index.annotations?[annotation] != nil:
                kept = index.manifests.filter { old in !entries.contains { $0.platform == old.platform } }
            case .index(let index) where !index.manifests.contains(where: isForeignCache):
                throw CacheError.notACache
            case .manifest(let manifest) where !isForeignCache(manifest.config):
                throw CacheError.notACache
            default: break
            }
        }
        let manifests = (kept + entries).sorted { order($0) < order($1) }
        return Index(manifests: manifests, annotations: [annotation: version])
    }

    /// Whether an index has all entries, or others for their platforms that are no older.
    ///
    /// - Parameter old: what the entries took the place of.
    static func holds(_ entries: [Descriptor], in index: FetchedManifest?, notThoseOf old: FetchedManifest?) -> Bool {
        let (now, before) = (images(index), images(old))
        return entries.allSatisfy { entry in
            guard let found = now.first(where: { $0.platform == entry.platform }) else { return false }
            return found.digest == entry.digest || !before.contains { $0.digest == found.digest }
        }
    }

    private static func images(_ document: FetchedManifest?) -> [Descriptor] {
        guard let document, case .index(let index)? = try? document.content() else { return [] }
        return index.manifests
    }

    private static func order(_ entry: Descriptor) -> String { entry.platform?.description ?? "" }

    /// BuildKit's caches are marked by the type of their config.
    private static func isForeignCache(_ descriptor: Descriptor) -> Bool {
        descriptor.mediaType.rawValue.contains("cacheconfig")
    }
}

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
    /// - Throws: ``CacheError/notACache(_:)``.
    static func merging(_ entries: [Descriptor], into current: FetchedManifest?, name: String) throws -> Index {
        var kept: [Descriptor] = []
        if let current {
            switch try? current.content() {
            case .index(let index) where index.annotations?[annotation] != nil:
                kept = index.manifests.filter { old in !entries.contains { $0.platform == old.platform } }
            case .index(let index) where !index.manifests.contains(where: isForeignCache):
                throw CacheError.notACache(name)
            case .manifest(let manifest) where !isForeignCache(manifest.config):
                throw CacheError.notACache(name)
            default: break
            }
        }
        let manifests = (kept + entries).sorted { order($0) < order($1) }
        return Index(manifests: manifests, annotations: [annotation: version])
    }

    /// Whether an index has something for the platforms of all entries: what is there may be newer than ours.
    static func holds(_ entries: [Descriptor], in current: FetchedManifest?) -> Bool {
        guard let current, case .index(let index)? = try? current.content() else { return false }
        return entries.allSatisfy { entry in index.manifests.contains { $0.platform == entry.platform } }
    }

    private static func order(_ entry: Descriptor) -> String { entry.platform?.description ?? "" }

    /// BuildKit's caches are marked by the type of their config.
    private static func isForeignCache(_ descriptor: Descriptor) -> Bool {
        descriptor.mediaType.rawValue.contains("cacheconfig")
    }
}

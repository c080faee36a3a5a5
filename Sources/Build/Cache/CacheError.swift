// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import OCI

/// Why a cache cannot be read or written.
enum CacheError: Error, Equatable {
    /// The name stands for something that is no cache.
    case notACache
    /// It is an image of a build that noted nothing.
    case noRecords
    /// It contradicts itself.
    case malformed(String)
    /// Others write to it all the time.
    case contended
}

extension CacheError: CustomStringConvertible {
    var description: String {
        switch self {
        case .notACache: "that is an image and no cache, and would be overwritten"
        case .noRecords: "nothing in it was noted by a build of manifold"
        case .malformed(let reason): "it is not sound: \(reason)"
        case .contended: "others write to it at the same time, again and again"
        }
    }

    /// What to do about it.
    var remedy: String? {
        switch self {
        case .notACache: "choose a name of its own for the cache, as in ref=registry.example/me/app:cache"
        case .noRecords: "build that image with --cache-to type=inline, or write a cache with --cache-to type=registry"
        case .contended: "give each of them a name of its own, and read all of them"
        case .malformed: nil
        }
    }
}

/// A layer that a cache promised and that is not to be had: the step that makes it has to be done again.
struct LostLayer: Error {
    let layer: Layer
    /// Why; nil when the cache never said that it had the bytes.
    let reason: String?
}

extension LostLayer: CustomStringConvertible {
    var description: String {
        "the layer \(layer.diffID.short) is not to be had" + (reason.map { ": \($0)" } ?? "")
    }
}

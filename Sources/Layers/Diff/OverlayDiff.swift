// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Glibc
public import SystemPackage

/// Finds what a step changed: from an overlay's upper directory and the layers below it to the entries of a layer.
///
/// The overlay must have been mounted with `userxattr` and without redirects or metacopy, and be unmounted or quiet.
/// Entries come out in lexical order, each directory before what is in it. Directories that were only copied up are
/// left out, unless something in them changed; the parents of everything that changed are in the layer, with the
/// metadata they have now. An opaque directory becomes a whiteout for every name below it that is gone, as BuildKit
/// writes it.
/// Sockets are left out. Of the attributes `security.capability` and `user.*` are kept, without overlayfs's own.
public struct OverlayDiff: Sendable {
    let upper: FilePath
    let below: LayerStack
    let epoch: Int64?

    /// Prepares a comparison.
    ///
    /// - Parameters:
    ///   - upper: The overlay's upper directory.
    ///   - below: The layers that the overlay's lower directories are.
    ///   - epoch: When given, no file in the upper directory keeps a later modification time, or a fraction of a
    ///     second, so that the directory equals the layer when it serves as a snapshot.
    public init(upper: FilePath, below: LayerStack, epoch: Int64? = nil) {
        self.upper = upper
        self.below = below
        self.epoch = epoch
    }

    /// Writes the changes to a layer, which the caller finishes.
    ///
    /// - Returns: How many entries were written; none when the step changed nothing.
    /// - Throws: ``LayersError/unsupportedOverlay(_:feature:)`` when the overlay was mounted otherwise, other
    ///   ``LayersError`` when files change while they are read, `CancellationError`.
    public func write(to writer: LayerWriter) throws -> Int {
        let walk = try OverlayWalk(self, writer)
        try walk.run()
        return walk.entryCount
    }
}

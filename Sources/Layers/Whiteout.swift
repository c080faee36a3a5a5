// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The marker files by which a layer says that something in lower layers is gone (image-spec layer.md, "Whiteouts").
enum Whiteout {
    static let prefix = Array(".wh.".utf8)
    static let opaqueName = Array(".wh..wh..opq".utf8)
    private static let reservedPrefix = Array(".wh..wh.".utf8)

    /// What an archive's entry of this name means.
    enum Meaning {
        case ordinary
        case whiteout(TreePath)
        case opaque(directory: TreePath)
        /// Bookkeeping of AUFS, which is not part of the image.
        case ignored
    }

    /// The marker for a removed path.
    static func marker(for path: TreePath) -> TreePath {
        (path.parent ?? .root).appending(name: prefix + path.name)
    }

    static func meaning(of path: TreePath) throws -> Meaning {
        let name = path.name
        guard name.starts(with: prefix), let parent = path.parent else { return .ordinary }
        if name.elementsEqual(opaqueName) { return .opaque(directory: parent) }
        if name.starts(with: reservedPrefix) { return .ignored }
        let removed = name.dropFirst(prefix.count)
        if removed.isEmpty || removed.elementsEqual([dot]) || removed.elementsEqual([dot, dot]) {
            throw LayersError.invalidPath(path.description, reason: "it is the whiteout of no name")
        }
        return .whiteout(parent.appending(name: removed))
    }
}

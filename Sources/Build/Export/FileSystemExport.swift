// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Layers
import OCI
import SystemPackage

/// The files of all platforms of a result as they lie in one directory or one tar file.
struct FileSystemExport: Sendable {
    /// How several platforms lie together.
    enum Split: Sendable {
        /// A directory for each, as `linux_arm_v7`.
        case directories
        /// All in one; what two platforms have differently is an error.
        case merged
    }

    /// An entry at its place in the output.
    struct Item: Sendable {
        var entry: TreeEntry
        var source: ImageFiles.Entry
        /// The image's place in ``BuildResult/images``.
        var image: Int
    }

    let items: [Item]
    private let files: [ImageFiles]

    /// - Throws: ``BuildError/output(_:remedy:)`` for files that two platforms have differently.
    init(_ result: BuildResult, split: Split) async throws {
        var files: [ImageFiles] = []
        var items: [Item] = []
        for (number, image) in result.images.enumerated() {
            let imageFiles = try await result.files(image.layers)
            files.append(imageFiles)
            let prefix = split == .directories ? try TreePath(image.platform.folderName) : .root
            if !prefix.isRoot {
                let entry = TreeEntry.impliedDirectory(prefix).clamped(to: result.epoch)
                items.append(Item(entry: entry, source: ImageFiles.Entry(entry: entry), image: number))
            }
            for source in imageFiles.entries {
                var entry = source.entry.clamped(to: result.epoch)
                entry.path = try prefix.appending(entry.path)
                if case .hardLink(let target) = entry.kind {
                    entry.kind = .hardLink(target: try prefix.appending(target))
                }
                items.append(Item(entry: entry, source: source, image: number))
            }
        }
        self.files = files
        self.items = split == .merged && result.images.count > 1 ? try Self.merge(items, result) : items
    }

    /// What every platform has alike is there once.
    private static func merge(_ items: [Item], _ result: BuildResult) throws -> [Item] {
        var places: [TreePath: Int] = [:]
        var merged: [Item] = []
        for item in items {
            guard let place = places[item.entry.path] else {
                places[item.entry.path] = merged.count
                merged.append(item)
                continue
            }
            let first = merged[place]
            if first.entry.isDirectory && item.entry.isDirectory || first.entry.isSame(as: item.entry) { continue }
            let platforms = [first, item].map { result.images[$0.image].platform.description }
            throw BuildError.output(
                "/\(item.entry.path) is not the same on \(platforms[0]) and \(platforms[1])",
                remedy: "leave out platform-split=false: every platform then gets a directory of its own")
        }
        // Files of the second platform lie in directories of the first.
        return merged.sorted { $0.entry.path < $1.entry.path }
    }

    /// Calls `body` for every entry, in order, with the bytes of those that have some.
    func forEach(_ body: (TreeEntry, FileDescriptor?) throws -> Void) throws {
        let openers = files.map { $0.opener() }
        for item in items {
            try openers[item.image].withContent(item.source) { try body(item.entry, $0) }
        }
    }
}

extension TreeEntry {
    fileprivate func clamped(to epoch: SourceEpoch?) -> TreeEntry {
        var entry = self
        entry.modificationTime = modificationTime.clamped(to: epoch?.seconds)
        return entry
    }

    /// Whether two entries at one place are alike, but for their times.
    fileprivate func isSame(as other: TreeEntry) -> Bool {
        (kind, mode, uid, gid) == (other.kind, other.mode, other.uid, other.gid) && size == other.size
            && digest == other.digest && xattrs == other.xattrs
    }
}

extension Platform {
    /// The directory of a platform beside those of others: `linux_arm_v7`.
    fileprivate var folderName: String { description.map { $0 == "/" ? "_" : String($0) }.joined() }
}

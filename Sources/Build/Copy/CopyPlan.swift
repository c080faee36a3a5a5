// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import Layers
package import OCI

/// The entries that a COPY or ADD adds, decided but not read.
package struct CopyPlan: Sendable {
    /// What is put into the layer, in the order of the layer.
    package var entries: [Item]

    package struct Item: Sendable {
        /// Where and how it lies in the image; a file's digest is known.
        package var entry: TreeEntry
        package var content: Content
    }

    package enum Content: Sendable, Hashable {
        /// Not a file.
        case none
        /// A file of one of the trees that are copied from; of a hard link, the file that it names there.
        case source(TreePath, from: Int)
        case bytes([UInt8])
    }

    /// The name of what the plan makes, by content: equal for every platform and every build in which the layer will
    /// have the same files. Times are left out, since a fresh checkout changes them without changing anything.
    package var digest: Digest {
        var key = KeyBuilder("copy-result")
        for item in entries {
            let entry = item.entry
            key.add(entry.path.bytes)
            key.add(entry, digest: entry.digest)
        }
        return key.digest
    }
}

extension KeyBuilder {
    /// Adds what an entry is, but for its path and its times.
    mutating func add(_ entry: TreeEntry, digest: Digest?) {
        add(entry.kindKey)
        add("\(entry.mode) \(entry.uid) \(entry.gid) \(entry.size)")
        add(digest?.description ?? "")
        for name in entry.xattrs.keys.sorted() {
            add(name)
            add(entry.xattrs[name] ?? [])
        }
        add("")
    }
}

extension TreeEntry {
    /// The kind as bytes for keys.
    var kindKey: [UInt8] {
        switch kind {
        case .file: Array("file".utf8)
        case .directory(let opaque): Array("directory \(opaque)".utf8)
        case .symlink(let target): Array("link ".utf8) + target
        case .hardLink(let target): Array("hard link ".utf8) + target.bytes
        case .characterDevice(let major, let minor): Array("character \(major) \(minor)".utf8)
        case .blockDevice(let major, let minor): Array("block \(major) \(minor)".utf8)
        case .fifo: Array("fifo".utf8)
        case .whiteout: Array("whiteout".utf8)
        }
    }

    /// Whether there are bytes to read.
    var hasContent: Bool {
        switch kind {
        case .file, .hardLink: true
        default: false
        }
    }
}

extension CopyPlanner {
    /// Makes hard links name files of the plan. Where the file that a link names did not get into it, or something else
    /// took its place, the first such link becomes the file.
    static func settleLinks(_ items: inout [TreePath: CopyPlan.Item]) {
        let links = items.values.filter { if case .hardLink = $0.entry.kind { true } else { false } }
            .map(\.entry.path).sorted()
        guard !links.isEmpty else { return }
        var files: [CopyPlan.Content: TreePath] = [:]
        for item in items.values where item.entry.kind == .file && item.content != .none {
            // Of two copies of one file any will do, but always the same one.
            files[item.content] = files[item.content].map { min($0, item.entry.path) } ?? item.entry.path
        }
        for path in links {
            guard let content = items[path]?.content else { continue }
            if let target = files[content] {
                items[path]?.entry.kind = .hardLink(target: target)
                items[path]?.content = .none
            } else {
                items[path]?.entry.kind = .file
                files[content] = path
            }
        }
    }
}

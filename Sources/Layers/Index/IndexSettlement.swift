// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// The second half of ``IndexBuilder``: from records in archive order to the encoded index.
struct IndexSettlement {
    let bytes: UnsafeRawBufferPointer
    let offsets: [UInt32]

    /// Numbers of records (their places in the archive), sorted by path and then by number.
    private var sorted: [Int] = []
    /// For each record that survives under its path, by its place in `sorted` order.
    private var survivors: [Survivor] = []
    /// For each hard link's number, the number of the record that the file came from.
    private var origins: [Int: Int] = [:]

    private struct Survivor {
        var number: Int
        var isOpaque: Bool
    }

    init(bytes: UnsafeRawBufferPointer, offsets: [UInt32]) {
        self.bytes = bytes
        self.offsets = offsets
    }

    private func record(_ number: Int) -> IndexRecord { IndexRecord(bytes: bytes, start: Int(offsets[number])) }

    mutating func settle(_ duplicates: IndexBuilder.Duplicates) throws -> [UInt8] {
        sort()
        try followHardLinks()
        try chooseSurvivors(duplicates)
        return encode()
    }

    private mutating func sort() {
        var sorted = Array(offsets.indices)
        defer { self.sorted = sorted }
        let isSorted = sorted.dropFirst().allSatisfy { TreePath.order(record($0 - 1).path, record($0).path) <= 0 }
        if isSorted { return }
        sorted.sort { left, right in
            let order = TreePath.order(record(left).path, record(right).path)
            return order == 0 ? left < right : order < 0
        }
    }

    /// Finds for each hard link the file that had the target's name at that point of the archive.
    private mutating func followHardLinks() throws {
        for number in offsets.indices where record(number).kind == .hardLink {
            let link = record(number)
            guard let target = lastRecord(at: link.target, before: number) else { throw missing(link) }
            switch record(target).kind {
            case .hardLink: origins[number] = origins[target] ?? target
            case .directory, .opaqueMark, .whiteout: throw missing(link)
            default: origins[number] = target
            }
        }
    }

    private func missing(_ link: IndexRecord) -> LayersError {
        .hardLinkTargetMissing(
            link: TreePath(unchecked: Array(link.path)), target: TreePath(unchecked: Array(link.target)))
    }

    /// The last entry proper with this path among those numbered below `limit`.
    private func lastRecord(at path: UnsafeRawBufferPointer, before limit: Int) -> Int? {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = low + (high - low) / 2
            let order = TreePath.order(record(sorted[middle]).path, path)
            if order < 0 || (order == 0 && sorted[middle] < limit) { low = middle + 1 } else { high = middle }
        }
        while low > 0 {
            low -= 1
            let candidate = record(sorted[low])
            guard TreePath.order(candidate.path, path) == 0 else { return nil }
            if candidate.kind != .whiteout, candidate.kind != .opaqueMark { return sorted[low] }
        }
        return nil
    }

    private mutating func chooseSurvivors(_ duplicates: IndexBuilder.Duplicates) throws {
        /// A directory or other entry on the way down, the number below which its contents are gone, and whether the
        /// entry can hold any.
        struct Ancestor {
            let place: Int?
            let path: UnsafeRawBufferPointer
            let cleared: Int
            let holdsEntries: Bool
        }
        var ancestors: [Ancestor] = []
        var place = 0
        while place < sorted.count {
            let path = record(sorted[place]).path
            while let last = ancestors.last, !Self.isBelow(path, last.path) { ancestors.removeLast() }
            let inherited = ancestors.last?.cleared ?? -1
            var (entry, whiteout, mark): (Int?, Int?, Int?) = (nil, nil, nil)
            var cleared = inherited
            while place < sorted.count, TreePath.order(record(sorted[place]).path, path) == 0 {
                let number = sorted[place]
                place += 1
                if number < inherited { continue }
                switch record(number).kind {
                case .whiteout: whiteout = number
                case .opaqueMark: mark = number
                case let kind:
                    if entry != nil, duplicates == .refused {
                        throw LayersError.duplicateEntry(TreePath(unchecked: Array(path)))
                    }
                    if kind != .directory { cleared = max(cleared, number) }
                    if let before = entry, kind == .directory, record(before).kind == .directory,
                        record(before).isOpaque
                    {
                        mark = before
                    }
                    entry = number
                }
            }
            guard let number = entry ?? mark ?? whiteout else { continue }
            let isDirectory = record(number).kind == .directory || record(number).kind == .opaqueMark
            if let parent = ancestors.last, !parent.holdsEntries {
                guard let parentPlace = parent.place, record(survivors[parentPlace].number).kind == .whiteout else {
                    throw LayersError.beneathNonDirectory(TreePath(unchecked: Array(path)))
                }
                // Something lies beneath a name that is whited out for the layers below: a fresh directory.
                survivors[parentPlace].isOpaque = true
            }
            survivors.append(
                Survivor(
                    number: number,
                    isOpaque: isDirectory && (record(number).isOpaque || mark != nil || whiteout != nil)))
            if !path.isEmpty {
                ancestors.append(
                    Ancestor(
                        place: survivors.count - 1, path: path, cleared: cleared, holdsEntries: isDirectory))
            }
        }
    }

    private static func isBelow(_ path: UnsafeRawBufferPointer, _ directory: UnsafeRawBufferPointer) -> Bool {
        guard path.count > directory.count, path[directory.count] == slash else { return false }
        return path.prefix(directory.count).elementsEqual(directory)
    }

    private func encode() -> [UInt8] {
        // A file's surviving names; the one that is stored as the file is its own, else the first link of the archive.
        var carriers: [Int: Int] = [:]
        for survivor in survivors {
            let kind = record(survivor.number).kind
            if kind != .hardLink { carriers[survivor.number] = survivor.number }
        }
        for number in survivors.map(\.number).sorted() {
            if let origin = origins[number], carriers[origin] == nil { carriers[origin] = number }
        }
        var encoded = LayerIndex.header(count: survivors.count, capacity: bytes.count)
        for survivor in survivors {
            IndexRecord.append(entry(survivor, carriers), to: &encoded)
        }
        LayerIndex.seal(&encoded)
        return encoded
    }

    private func entry(_ survivor: Survivor, _ carriers: [Int: Int]) -> TreeEntry {
        let record = record(survivor.number)
        if let origin = origins[survivor.number] {
            var entry = self.record(origin).entry(path: TreePath(unchecked: Array(record.path)))
            // A second name of a link or a device is as good as another such link or device.
            if entry.kind == .file, let carrier = carriers[origin], carrier != survivor.number {
                entry.kind = .hardLink(target: TreePath(unchecked: Array(self.record(carrier).path)))
            }
            return entry
        }
        var entry = record.entry()
        if survivor.isOpaque {
            if !entry.isDirectory { entry = .impliedDirectory(entry.path) }
            entry.kind = .directory(opaque: true)
        }
        return entry
    }
}

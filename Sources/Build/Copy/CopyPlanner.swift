// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
package import Layers
import OCI

/// Decides, without touching a file, what a COPY or ADD puts where.
///
/// The rules are BuildKit's: a directory's contents are merged into the destination; a file goes into a destination
/// that is a directory or ends with a slash; links in the destination's path are followed inside the image; directories
/// that lie where files should go, and the other way round, are errors.
package struct CopyPlanner {
    let operation: CopyOperation
    let destination: LayerStack
    /// The owner of everything copied; nil keeps what the source says.
    let owner: (uid: UInt32, gid: UInt32)?
    let exclude: IgnorePatterns
    /// The time of directories that are made or only passed through.
    private(set) var newest = FileTime.epoch
    /// The number of the tree that is being copied from.
    private var sourceNumber = 0
    private var made: [TreePath: CopyPlan.Item] = [:]
    private var passed: Set<TreePath> = []
    private var implied: Set<TreePath> = []
    /// Paths of the image whose entry is gone.
    private var replaced: Set<TreePath> = []
    private var links = HardLinks()

    package init(operation: CopyOperation, destination: LayerStack, owner: (uid: UInt32, gid: UInt32)?) throws {
        self.operation = operation
        self.destination = destination
        self.owner = owner
        self.exclude = try IgnorePatterns(operation.excludes)
    }

    /// The entries that make a directory with its missing parents; none when it is there already.
    ///
    /// - Throws: ``CopyError``, ``LayersError``.
    package static func directory(
        _ path: String, owner: (uid: UInt32, gid: UInt32), time: FileTime, in tree: LayerStack
    ) throws -> CopyPlan {
        let operation = CopyOperation(
            keyword: "WORKDIR", sources: [], files: [], destination: path, owner: nil, mode: nil, excludes: [],
            isIndependent: false)
        var planner = try CopyPlanner(operation: operation, destination: tree, owner: owner)
        planner.newest = time
        let resolution = try tree.resolve(TreePath(path))
        try planner.makeDirectories(resolution.path)
        return planner.made.isEmpty ? CopyPlan(entries: []) : planner.finish()
    }

    /// Adds what one source matched.
    ///
    /// - Throws: ``CopyError``, ``LayersError``.
    ///
    /// - Parameter number: what the plan calls the tree.
    package mutating func copy(
        _ match: SourceSelection.Match, from tree: LayerStack, source number: Int = 0
    ) throws {
        sourceNumber = number
        if let top = match.parents.first { return try copyWithParents(match, below: top, from: tree) }
        let target = try target(forDirectory: match.entry.isDirectory, named: match.name)
        if match.entry.isDirectory {
            try copyDirectory(match.entry, from: tree, to: target, relative: .root)
        } else if !isExcluded(match.name) {
            try put(match.entry, content: .source(match.entry.path, from: number), at: target)
        }
    }

    /// Adds a file whose content stands in the Dockerfile.
    ///
    /// - Throws: ``CopyError``, ``LayersError``.
    package mutating func copy(_ file: InlineFile) throws {
        let bytes = Array(file.content.utf8)
        let name = try TreePath(file.name)
        let entry = TreeEntry(
            path: name, kind: .file, mode: 0o644, size: Int64(bytes.count), digest: Digest.sha256(of: bytes))
        try put(entry, content: .bytes(bytes), at: try target(forDirectory: false, named: name))
    }

    /// Everything that was added, with the directories that lead there.
    package func finish() -> CopyPlan {
        var items = made
        Self.settleLinks(&items)
        for path in implied { items[path]?.entry.modificationTime = newest }
        for path in passed where items[path] == nil {
            guard var entry = destination.lookup(path) else { continue }
            // A directory that is only passed through keeps what it is; its time would differ from base to base.
            entry.kind = .directory(opaque: false)
            entry.modificationTime = newest
            items[path] = CopyPlan.Item(entry: entry, content: .none)
        }
        links.join(&items)
        let sorted = items.values.sorted { $0.entry.path < $1.entry.path }
        return CopyPlan(entries: sorted.filter { !$0.entry.path.isRoot })
    }

    // MARK: Where

    func lookup(_ path: TreePath) -> TreeEntry? {
        if let entry = made[path]?.entry { return entry }
        return replaced.contains(path) ? nil : destination.lookup(path)
    }

    private func target(forDirectory isDirectory: Bool, named name: TreePath) throws -> TreePath {
        let resolution = try destination.resolve(TreePath(operation.destination))
        if isDirectory { return resolution.path }
        let existing = lookup(resolution.path)
        let goesInside = operation.destination.hasSuffix("/") || existing?.isDirectory == true || resolution.path.isRoot
        return goesInside ? try resolution.path.appending(name) : resolution.path
    }

    // MARK: What

    private mutating func copyDirectory(
        _ source: TreeEntry, from tree: LayerStack, to target: TreePath, relative: TreePath
    ) throws {
        try Task.checkCancellation()
        try putDirectory(source, at: target, relative: relative)
        for child in tree.children(of: source.path) {
            let name = try TreePath(bytes: child.path.name)
            let relative = try relative.appending(name)
            guard !isLeftOut(child, relative) else { continue }
            let target = try target.appending(name)
            if child.isDirectory {
                try copyDirectory(child, from: tree, to: target, relative: relative)
            } else {
                try put(child, content: child.hasContent ? .source(child.path, from: sourceNumber) : .none, at: target)
                links.note(child, from: tree, number: sourceNumber, to: target)
            }
        }
    }

    /// A directory itself, without what is in it.
    private mutating func putDirectory(_ source: TreeEntry, at target: TreePath, relative: TreePath) throws {
        switch lookup(target) {
        case nil where relative.isRoot:
            // Contents are copied, so the source itself leaves only its time.
            var directory = TreeEntry.impliedDirectory(source.path)
            directory.modificationTime = source.modificationTime
            try put(directory, content: .none, at: target)
        case nil: try put(source, content: .none, at: target)
        case let existing? where existing.isDirectory:
            // The destination itself stays as it is; directories below it become what the source says.
            if relative.isRoot { try pass(target) } else { try put(source, content: .none, at: target) }
        default: throw CopyError.directoryOverFile("/\(target)")
        }
    }

    /// COPY --parents: as if the directory that the pattern is below were copied and only this were in it.
    private mutating func copyWithParents(
        _ match: SourceSelection.Match, below top: TreeEntry, from tree: LayerStack
    ) throws {
        guard !isLeftOut(match.entry, match.name) else { return }
        let place = try target(forDirectory: true, named: match.name)
        var relative = TreePath.root
        for (parent, name) in zip(match.parents, match.name.components) {
            try putDirectory(parent, at: try place.appending(relative), relative: relative)
            relative = try relative.appending(TreePath(bytes: name))
        }
        let target = try place.appending(match.name)
        if match.entry.isDirectory {
            try copyDirectory(match.entry, from: tree, to: target, relative: match.name)
        } else {
            let content: CopyPlan.Content =
                match.entry.hasContent ? .source(match.entry.path, from: sourceNumber) : .none
            try put(match.entry, content: content, at: target)
        }
    }

    private func isLeftOut(_ entry: TreeEntry, _ relative: TreePath) -> Bool {
        guard isExcluded(relative) else { return false }
        return !entry.isDirectory || exclude.canSkip(directory: Self.text(relative))
    }

    func isExcluded(_ path: TreePath) -> Bool { !exclude.isEmpty && exclude.matches(Self.text(path)) }

    private static func text(_ path: TreePath) -> String { String(decoding: path.bytes, as: UTF8.self) }

    private mutating func put(_ source: TreeEntry, content: CopyPlan.Content, at target: TreePath) throws {
        if target.isRoot { return }
        if let existing = lookup(target), existing.isDirectory, !source.isDirectory {
            throw CopyError.fileOverDirectory("/\(target)")
        }
        if let parent = target.parent { try makeDirectories(parent) }
        var entry = source
        entry.path = target
        // Names of one file are found when everything is copied.
        if case .hardLink = entry.kind { entry.kind = .file }
        if case .directory = entry.kind { entry.kind = .directory(opaque: false) }
        apply(to: &entry)
        add(CopyPlan.Item(entry: entry, content: entry.kind == .file ? content : .none))
    }

    /// Adds an entry, or replaces the one that an earlier source brought.
    mutating func add(_ item: CopyPlan.Item) {
        newest = max(newest, item.entry.modificationTime)
        links.forget(item.entry.path)
        made[item.entry.path] = item
        implied.remove(item.entry.path)
    }

    /// Whether an earlier source brought something to a path.
    func isMade(_ path: TreePath) -> Bool { made[path] != nil }

    /// Takes away what is at a path, with what this instruction brought below it.
    mutating func replace(_ path: TreePath) throws {
        if made[path]?.entry.isDirectory == true || passed.contains(path) {
            for below in made.keys where below.isWithin(path) { made[below] = nil }
            passed = passed.filter { !$0.isWithin(path) }
            implied = implied.filter { !$0.isWithin(path) }
        }
        made[path] = nil
        replaced.insert(path)
    }

    private func apply(to entry: inout TreeEntry) {
        if let owner { (entry.uid, entry.gid) = owner }
        if let mode = operation.mode {
            if case .symlink = entry.kind { return }
            entry.mode = UInt16(
                truncatingIfNeeded: mode.applied(to: UInt32(entry.mode), isDirectory: entry.isDirectory))
        }
    }

    mutating func makeDirectories(_ path: TreePath) throws {
        if path.isRoot { return }
        switch lookup(path) {
        case let existing? where existing.isDirectory: try pass(path)
        case .some: throw CopyError.notADirectory("/\(path)")
        case nil:
            if let parent = path.parent { try makeDirectories(parent) }
            var entry = TreeEntry.impliedDirectory(path)
            if let owner { (entry.uid, entry.gid) = owner }
            made[path] = CopyPlan.Item(entry: entry, content: .none)
            implied.insert(path)
        }
    }

    mutating func pass(_ path: TreePath) throws {
        var path = path
        while !path.isRoot, made[path] == nil, passed.insert(path).inserted {
            path = path.parent ?? .root
        }
    }
}

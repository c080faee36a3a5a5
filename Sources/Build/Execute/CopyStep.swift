// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Layers
import OCI
import Sandbox
import Store
import SystemPackage

/// Carries out COPY, ADD and WORKDIR: from files in a tree to a layer, without mounting anything.
struct CopyStep: Sendable {
    let library: LayerLibrary
    let cache: StepCache
    let maker: LayerMaker
    let contexts: ContextAccess

    /// Copies files onto `parent`.
    ///
    /// - Parameter source: what to copy from; nil for the build context.
    func run(
        _ operation: CopyOperation, onto parent: [Layer], from source: StepSource?, policy: CachePolicy
    ) async throws -> StepCache.Outcome {
        // When the stage that is copied from is as it was, nothing of it has to be looked at.
        let stackKey = source?.layers.map { self.stackKey(operation, parent: parent, source: $0) }
        if policy == .use, let stackKey, let known = try cache.remembered(stackKey) { return known }
        let (files, matches, digests) = try await select(
            operation.sources, parents: operation.parents, from: source)
        let key = stepKey(operation, parent: parent, matches: matches, tree: files.tree, digests: digests)
        if policy == .use, let known = try cache.remembered(key) {
            return try stackKey.map { try cache.remember(known, for: $0) } ?? known
        }

        if operation.unpacksArchives { try await refuseArchives(matches, in: files) }
        let plan = try await plan(operation, matches: matches, files: files, digests: digests, parent: parent)
        let outcome = try await cache.layer(for: resultKey(plan), policy: policy) {
            let reader = try await files.reader(for: plan)
            return try maker.make { writer in
                for item in plan.entries { try Self.append(item, to: writer, reader) }
            }
        }
        let remembered = try cache.remember(outcome, for: key)
        return try stackKey.map { try cache.remember(remembered, for: $0) } ?? remembered
    }

    /// Makes a directory with its parents on `parent`, where they are missing.
    func run(
        _ operation: WorkdirOperation, onto parent: [Layer], policy: CachePolicy
    ) async throws -> StepCache.Outcome {
        var builder = KeyBuilder("workdir")
        builder.add([parent.chainID.description, operation.path, operation.user, epochKey])
        let key = builder.digest
        if policy == .use, let known = try cache.remembered(key) { return known }
        let tree = try await library.tree(of: parent)
        let owner = try await identity(operation.user, in: tree, layers: parent)
        let time = FileTime(seconds: maker.epoch?.seconds ?? Timestamp.now)
        let plan = try CopyPlanner.directory(operation.path, owner: (owner.uid, owner.gid), time: time, in: tree)
        let outcome = try await cache.layer(for: resultKey(plan), policy: policy) {
            try maker.make { writer in for item in plan.entries { try writer.append(item.entry) } }
        }
        return try cache.remember(outcome, for: key)
    }

    /// Finds what sources name, and the digests of all files below.
    func select(
        _ sources: [String], parents: CopyOperation.Parents = .dropped, from source: StepSource?
    ) async throws -> (files: any CopySource, matches: [SourceSelection.Match], digests: [TreePath: Digest]) {
        let files: any CopySource =
            switch source {
            case .layers(let layers): try await StackSource(layers: layers, library: library)
            case .files(let directory): try await contexts.source(of: directory)
            case nil: try await contexts.source()
            }
        let selection = SourceSelection(tree: files.tree, parents: parents)
        var matches: [SourceSelection.Match] = []
        for path in sources {
            do { matches += try selection.matches(of: path) } catch CopyError.notFound(let path) {
                throw files.isLeftOut(path) ? CopyError.ignored(path) : CopyError.notFound(path)
            }
        }
        return (files, matches, try await files.digests(of: Self.files(below: matches, in: files.tree)))
    }

    // MARK: Keys

    private var epochKey: String {
        guard let epoch = maker.epoch, epoch.origin == .explicit else { return "" }
        return String(epoch.seconds)
    }

    /// Names the step by what goes in: nothing of the layers below has to be looked at to find an earlier result.
    private func stepKey(
        _ operation: CopyOperation, parent: [Layer], matches: [SourceSelection.Match], tree: LayerStack,
        digests: [TreePath: Digest]
    ) -> Digest {
        var key = KeyBuilder("copy")
        add(operation, parent: parent, to: &key)
        for match in matches {
            key.add(match.name.bytes)
            for parent in match.parents { key.add(parent, digest: nil) }
            Self.visit(match.entry, in: tree) { entry in
                key.add(Array(entry.path.bytes.dropFirst(match.entry.path.bytes.count)))
                key.add(entry, digest: digests[entry.path] ?? entry.digest)
            }
        }
        return key.digest
    }

    /// Names a step that copies from a stage or an image by the layers of that.
    private func stackKey(_ operation: CopyOperation, parent: [Layer], source: [Layer]) -> Digest {
        var key = KeyBuilder("copy from layers")
        add(operation, parent: parent, to: &key)
        key.add(operation.sources)
        key.add(source.chainID.description)
        return key.digest
    }

    /// What is to be done, and onto what.
    private func add(_ operation: CopyOperation, parent: [Layer], to key: inout KeyBuilder) {
        key.add([
            operation.isIndependent && operation.owner == nil ? "" : parent.chainID.description,
            operation.keyword, operation.destination, operation.owner ?? "", operation.mode?.text ?? "",
            String(operation.isIndependent), String(operation.unpacksArchives),
            "\(operation.parents)", epochKey,
        ])
        key.add(operation.excludes)
        for file in operation.files { key.add([file.name, file.content]) }
    }

    /// Names the layer by what comes out, which platforms and bases share.
    private func resultKey(_ plan: CopyPlan) -> Digest {
        var key = KeyBuilder("layer")
        key.add([plan.digest.description, epochKey])
        return key.digest
    }

    private static func visit(_ entry: TreeEntry, in tree: LayerStack, _ body: (TreeEntry) -> Void) {
        body(entry)
        guard entry.isDirectory else { return }
        for child in tree.children(of: entry.path) { visit(child, in: tree, body) }
    }

    private static func files(below matches: [SourceSelection.Match], in tree: LayerStack) -> [TreePath] {
        var paths: [TreePath] = []
        for match in matches { visit(match.entry, in: tree) { if $0.hasContent { paths.append($0.path) } } }
        return paths
    }

    // MARK: Plan and write

    func plan(
        _ operation: CopyOperation, matches: [SourceSelection.Match], files: any CopySource,
        digests: [TreePath: Digest], parent: [Layer]
    ) async throws -> CopyPlan {
        var owner: (uid: UInt32, gid: UInt32)?
        if let text = operation.owner { owner = try await self.owner(text, layers: parent) }
        let destination = operation.isIndependent ? LayerStack([]) : try await library.tree(of: parent)
        var planner = try CopyPlanner(operation: operation, destination: destination, owner: owner)
        for match in matches { try planner.copy(match, from: files.tree) }
        for file in operation.files { try planner.copy(file) }
        var plan = planner.finish()
        for index in plan.entries.indices {
            if case .source(let path) = plan.entries[index].content, let digest = digests[path] {
                plan.entries[index].entry.digest = digest
            }
        }
        return plan
    }

    static func append(
        _ item: CopyPlan.Item, to writer: LayerWriter, _ reader: any CopyReader
    ) throws {
        switch item.content {
        case .none: try writer.append(item.entry)
        case .bytes(let bytes): try writer.append(item.entry, content: .bytes(bytes))
        case .source(let path):
            let file = try reader.open(path)
            defer { try? file.close() }
            let written = try writer.append(item.entry, content: .file(file))
            if let expected = item.entry.digest, written.digest != expected {
                throw LayersError.fileChanged(path, expectedSize: item.entry.size)
            }
        }
    }

    private func refuseArchives(_ matches: [SourceSelection.Match], in files: any CopySource) async throws {
        for match in matches where match.entry.kind == .file {
            let reader = try await files.reader(for: [match.entry.path])
            let file = try reader.open(match.entry.path)
            defer { try? file.close() }
            if ArchiveDetection.isArchive(file) { throw CopyError.archive("/\(match.entry.path)") }
        }
    }

    // MARK: Owners

    private func owner(_ text: String, layers: [Layer]) async throws -> (uid: UInt32, gid: UInt32) {
        let isNumeric = text.split(separator: ":").allSatisfy { UInt32($0) != nil }
        if isNumeric { return try UserDatabase(passwd: "", group: "").owner(text) }
        let tree = try await library.tree(of: layers)
        return try await users(in: tree, layers: layers).owner(text)
    }

    private func identity(_ text: String, in tree: LayerStack, layers: [Layer]) async throws -> UserIdentity {
        if text.isEmpty { return .root }
        return try await users(in: tree, layers: layers).identity(text)
    }

    /// The users of an image, as the merged tree has them.
    func users(in tree: LayerStack, layers: [Layer]) async throws -> UserDatabase {
        let reader = SmallFileReader(library: library, layers: layers, tree: tree)
        return UserDatabase(
            passwd: try await reader.text("etc/passwd") ?? "", group: try await reader.text("etc/group") ?? "")
    }
}

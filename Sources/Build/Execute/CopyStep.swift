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
    /// - Parameter sources: what the vertex's sources gave: the stage or context to copy from, if it is not the build
    ///   context, or what was fetched.
    func run(
        _ operation: CopyOperation, onto parent: [Layer], from sources: [StepSource], policy: CachePolicy
    ) async throws -> StepCache.Outcome {
        // When the stage that is copied from is as it was, nothing of it has to be looked at.
        let stackKey = sources.first?.layers.map { self.stackKey(operation, parent: parent, source: $0) }
        if policy == .use, let stackKey, let known = try cache.remembered(stackKey) { return known }
        let inputs = try await inputs(of: operation, from: sources)
        let key = stepKey(operation, parent: parent, inputs)
        if policy == .use, let known = try cache.remembered(key) {
            return try stackKey.map { try cache.remember(known, for: $0) } ?? known
        }

        let (plan, contents) = try await plan(operation, inputs, parent: parent)
        let outcome = try await cache.layer(for: resultKey(plan), policy: policy) {
            try maker.make(try await contents.writer(for: plan))
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

    /// The trees that an instruction copies from, in the order of its sources; paths beside each other share one.
    private func inputs(of operation: CopyOperation, from sources: [StepSource]) async throws -> [CopyInput] {
        var inputs: [CopyInput] = []
        var paths: [String] = []
        // Of an instruction that fetches, paths are in the build context.
        var place = sources.first
        if case .fetched = place { place = nil }
        func flush() async throws {
            guard !paths.isEmpty else { return }
            inputs.append(
                try await select(
                    paths, parents: operation.parents, from: place, unpacking: operation.unpacksArchives))
            paths = []
        }
        for source in operation.sources {
            switch source {
            case .path(let path): paths.append(path)
            case .fetched(let number):
                try await flush()
                guard sources.indices.contains(number), case .fetched(let files) = sources[number] else {
                    throw CopyError.notFound("source \(number)")
                }
                inputs.append(try await input(files, [files.match()], unpacking: operation.unpacksDownloads))
            }
        }
        try await flush()
        return inputs
    }

    /// Finds what paths name, and the digests of all files below.
    func select(
        _ paths: [String], parents: CopyOperation.Parents = .dropped, from source: StepSource?,
        unpacking unpacksArchives: Bool = false
    ) async throws -> CopyInput {
        let files: any CopySource =
            switch source {
            case .layers(let layers): try await StackSource(layers: layers, library: library)
            case .files(let directory): try await contexts.source(of: directory)
            case .fetched(let files): files
            case nil: try await contexts.source()
            }
        let selection = SourceSelection(tree: files.tree, parents: parents)
        var matches: [SourceSelection.Match] = []
        for path in paths {
            do { matches += try selection.matches(of: path) } catch CopyError.notFound(let path) {
                throw MissingSource(path: path, files: files).error
            }
        }
        return try await input(files, matches, unpacking: unpacksArchives)
    }

    private func input(
        _ files: any CopySource, _ matches: [SourceSelection.Match], unpacking unpacksArchives: Bool
    ) async throws -> CopyInput {
        CopyInput(
            files: files, matches: matches,
            digests: try await files.digests(of: Self.files(below: matches, in: files.tree)),
            unpacksArchives: unpacksArchives)
    }

    // MARK: Keys

    private var epochKey: String {
        guard let epoch = maker.epoch, epoch.origin == .explicit else { return "" }
        return String(epoch.seconds)
    }

    /// Names the step by what goes in: nothing of the layers below has to be looked at to find an earlier result.
    private func stepKey(
        _ operation: CopyOperation, parent: [Layer], _ inputs: [CopyInput]
    ) -> Digest {
        var key = KeyBuilder("copy")
        add(operation, parent: parent, to: &key)
        for input in inputs { Self.add(input, to: &key) }
        return key.digest
    }

    private static func add(_ input: CopyInput, to key: inout KeyBuilder) {
        key.add(input.unpacksArchives ? "unpack" : "copy")
        for match in input.matches {
            key.add(match.name.bytes)
            for parent in match.parents { key.add(parent, digest: nil) }
            visit(match.entry, in: input.files.tree) { entry in
                key.add(Array(entry.path.bytes.dropFirst(match.entry.path.bytes.count)))
                key.add(entry, digest: input.digests[entry.path] ?? entry.digest)
            }
        }
    }

    /// Names a step that copies from a stage or an image by the layers of that.
    private func stackKey(_ operation: CopyOperation, parent: [Layer], source: [Layer]) -> Digest {
        var key = KeyBuilder("copy from layers")
        add(operation, parent: parent, to: &key)
        for case .path(let path) in operation.sources { key.add(path) }
        key.add(source.chainID.description)
        return key.digest
    }

    /// What is to be done, and onto what.
    private func add(_ operation: CopyOperation, parent: [Layer], to key: inout KeyBuilder) {
        key.add([
            operation.isIndependent && operation.owner == nil ? "" : parent.chainID.description,
            operation.keyword, operation.destination, operation.owner ?? "", operation.mode?.text ?? "",
            String(operation.isIndependent),
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

    // MARK: Plan

    /// Decides what goes where. Archives that are to be unpacked are read through for that.
    func plan(
        _ operation: CopyOperation, _ inputs: [CopyInput], parent: [Layer]
    ) async throws -> (plan: CopyPlan, contents: CopyContents) {
        var owner: (uid: UInt32, gid: UInt32)?
        if let text = operation.owner { owner = try await self.owner(text, layers: parent) }
        let destination = operation.isIndependent ? LayerStack([]) : try await library.tree(of: parent)
        var planner = try CopyPlanner(operation: operation, destination: destination, owner: owner)
        var contents = CopyContents()
        var digests: [Int: [TreePath: Digest]] = [:]
        for input in inputs {
            let number = contents.add(.tree(input.files))
            digests[number] = input.digests
            for match in input.matches {
                if input.unpacksArchives, !planner.isExcluded(match.name), let archive = try await archive(match, input)
                {
                    let name = match.name.description
                    try planner.unpack(archive.index, source: contents.add(.archive(archive, name: name)))
                } else {
                    try planner.copy(match, from: input.files.tree, source: number)
                }
            }
        }
        for file in operation.files { try planner.copy(file) }
        var plan = planner.finish()
        for index in plan.entries.indices {
            if case .source(let path, let number) = plan.entries[index].content, let digest = digests[number]?[path] {
                plan.entries[index].entry.digest = digest
            }
        }
        return (plan, contents)
    }

    /// The archive that a match is; nil when it is none.
    private func archive(_ match: SourceSelection.Match, _ input: CopyInput) async throws -> ArchiveFile? {
        guard match.entry.kind == .file, match.entry.size > 0 else { return nil }
        let file = try await input.files.reader(for: [match.entry.path]).open(match.entry.path)
        do {
            if let archive = try ArchiveFile(file) { return archive }
            try file.close()
            return nil
        } catch let error as LayersError {
            try? file.close()
            throw CopyError.damagedArchive(match.name.description, reason: error.description)
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

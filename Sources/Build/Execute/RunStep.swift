// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Dockerfile
import Glibc
import Layers
import OCI
import Sandbox
import Store
import SystemPackage

/// Carries out RUN: from a stack of layers and a command to the layer of what the command changed.
struct RunStep: Sendable {
    let library: LayerLibrary
    let cache: StepCache
    let maker: LayerMaker
    let runner: any CommandRunner
    let mounts: MountPreparation

    /// The command ended with a status other than 0.
    struct Failure: Error {
        let status: ExitStatus
    }

    /// Runs the command on `parent`.
    ///
    /// - Throws: ``Failure``, ``SandboxError``, ``EmulationError``, ``LayersError``, ``StoreError``.
    func run(
        _ operation: RunOperation, onto parent: [Layer], sources: [StepSource], policy: CachePolicy,
        output: @escaping @Sendable (BuildEvent.OutputStream, [UInt8]) -> Void
    ) async throws -> StepCache.Outcome {
        // When the stages that are mounted are as they were, nothing of them has to be looked at.
        let stackKey = try await mounts.stackKey(operation.mounts, sources: sources).map {
            key(operation, parent: parent, content: $0)
        }
        if policy == .use, let stackKey, let known = try cache.remembered(stackKey) { return known }
        let content = try await mounts.contentKey(operation.mounts, sources: sources)
        let outcome = try await cache.layer(for: key(operation, parent: parent, content: content), policy: policy) {
            try await execute(operation, onto: parent, sources: sources, output: output)
        }
        return try stackKey.map { try cache.remember(outcome, for: $0) } ?? outcome
    }

    private func key(_ operation: RunOperation, parent: [Layer], content: [String]) -> Digest {
        var key = KeyBuilder("run")
        key.add(parent.chainID.description)
        for part in operation.identity { key.add(part) }
        key.add(content)
        if let epoch = maker.epoch, epoch.origin == .explicit { key.add(String(epoch.seconds)) }
        return key.digest
    }

    private func execute(
        _ operation: RunOperation, onto parent: [Layer], sources: [StepSource],
        output: @escaping @Sendable (BuildEvent.OutputStream, [UInt8]) -> Void
    ) async throws -> Layer {
        let lower = try await library.snapshots(of: parent)
        let tree = try await library.tree(of: parent)
        let place = try library.store.scratch.newDirectory("run")
        defer { try? Files.removeTree(place) }
        let upper = place.appending("upper")
        try makeUpper(upper, like: tree, workingDirectory: operation.workingDirectory)
        try Files.makeDirectories(place.appending("work"))
        try Files.makeDirectories(place.appending("scratch"))

        let users = SmallFileReader(library: library, layers: parent, tree: tree)
        let database = UserDatabase(
            passwd: try await users.text("etc/passwd") ?? "", group: try await users.text("etc/group") ?? "")
        let identity = try database.identity(operation.user)
        var environment = operation.environment + operation.proxies
        if !environment.contains(where: { $0.hasPrefix("HOME=") }) { environment.append("HOME=\(identity.home)") }
        let prepared = try await mounts.prepare(operation.mounts, sources: sources)
        defer { withExtendedLifetime(prepared) {} }
        environment += prepared.environment

        let status = try await runner.run(
            StepCommand(
                arguments: operation.arguments, environment: environment,
                workingDirectory: operation.workingDirectory, user: identity, network: operation.network,
                platform: operation.platform, lower: lower, upper: upper, work: place.appending("work"),
                scratch: place.appending("scratch"),
                scripts: operation.scripts.map {
                    InlineFile(name: "\(Run.Command.scriptDirectory)/\($0.name)", content: $0.content)
                }, mounts: prepared.mounts, hostname: operation.hostname, settings: operation.settings,
                confinement: operation.confinement),
            output: output)
        guard status.isSuccess else { throw Failure(status: status) }

        let diff = OverlayDiff(upper: upper, below: tree, epoch: maker.epoch?.seconds)
        let layer = try maker.make { writer in _ = try diff.write(to: writer) }
        _ = try library.store.adoptSnapshot(layer.diffID, from: upper)
        return layer
    }

    /// The upper directory stands for the root in the sandbox, so it looks like the root of the layers; a working
    /// directory that they lack is made in it.
    private func makeUpper(_ upper: FilePath, like tree: LayerStack, workingDirectory: String) throws {
        let root = tree.lookup(.root) ?? .impliedDirectory(.root)
        try Self.makeDirectory(upper, like: root)
        let resolution = try tree.resolve(TreePath(workingDirectory))
        guard resolution.found == nil else { return }
        var path = TreePath.root
        for component in resolution.path.components {
            path = try path.appending(TreePath(bytes: component))
            guard let text = path.string else { return }
            try Self.makeDirectory(upper.pushing(FilePath(text)), like: tree.lookup(path) ?? .impliedDirectory(path))
        }
    }

    private static func makeDirectory(_ path: FilePath, like entry: TreeEntry) throws {
        try Files.makeDirectories(path, mode: 0o700)
        guard chown(path.string, entry.uid, entry.gid) == 0, chmod(path.string, mode_t(entry.mode)) == 0 else {
            throw StoreError.file(operation: "prepare", path: path, errno: Errno(rawValue: errno))
        }
    }
}

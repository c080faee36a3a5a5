// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Diagnosis
import Dockerfile
import Layers
import OCI
import Sandbox
import Store

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
        let explanation: Explanation?
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
        let home = RunPlace.Home(user: operation.user, workingDirectory: operation.workingDirectory)
        return try await RunPlace.with(home, on: parent, library: library) { place in
            var environment = operation.environment + operation.proxies
            if !environment.contains(where: { $0.hasPrefix("HOME=") }) {
                environment.append("HOME=\(place.identity.home)")
            }
            let prepared = try await mounts.prepare(operation.mounts, sources: sources)
            defer { withExtendedLifetime(prepared) {} }
            environment += prepared.environment

            let (status, explanation) = try await runner.runExamined(
                StepCommand(
                    arguments: operation.arguments, environment: environment,
                    workingDirectory: operation.workingDirectory, user: place.identity, network: operation.network,
                    platform: operation.platform, lower: place.lower, upper: place.upper, work: place.work,
                    scratch: place.scratch,
                    scripts: operation.scripts.map {
                        InlineFile(name: "\(Run.Command.scriptDirectory)/\($0.name)", content: $0.content)
                    }, mounts: prepared.mounts, hostname: operation.hostname, settings: operation.settings,
                    confinement: operation.confinement),
                output: output)
            guard status.isSuccess else { throw Failure(status: status, explanation: explanation) }

            let diff = OverlayDiff(upper: place.upper, below: place.tree, epoch: maker.epoch?.seconds)
            let layer = try maker.make { writer in _ = try diff.write(to: writer) }
            _ = try library.store.adoptSnapshot(layer.diffID, from: place.upper)
            return layer
        }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Build
import Glibc
import Images
import OCI
import Registry
import Store
import SystemPackage

/// A copy as a command does it: with progress, words on what failed, and an exit status.
struct ImageTransfer {
    let source: ImagePlace
    let targets: [ImagePlace]
    var choice = ImageSelection.Choice()
    var expected = TagExpectation.anything
    var naming = PlatformNaming.any

    /// Copies, tells the user, and prints each target's digest, as the commands about lists do.
    ///
    /// - Throws: `ExitCode`, after the reason was told.
    func run(
        _ progress: ProgressOptions, _ registry: RegistryOptions, _ store: StoreOptions, in environment: Environment
    ) async throws {
        let mode = try progress.mode(in: environment)
        let terminal = ProgressTerminal(.standardError, environment: environment.variables)
        let reporter = ProgressReporter(mode: mode, terminal: terminal)
        let form = FailureMessage.Form(mode, on: terminal)
        do {
            let results = try await Interruption.cancels {
                try await reporter.follow { queue in
                    try await copy(registry, try store.path(in: environment), in: environment, events: queue.send)
                }
            }
            var failures = 0
            for result in results {
                switch result {
                case .success(let report): try CommandOutput.result("\(report.digest)")
                case .failure(let error):
                    failures += 1
                    FailureMessage.tell(error, in: form)
                }
            }
            if failures > 0 { throw ExitCode(1) }
        } catch let code as ExitCode {
            throw code
        } catch {
            throw FailureMessage.ending(error, in: form)
        }
    }
}

extension ImageTransfer {
    private func copy(
        _ registry: RegistryOptions, _ root: FilePath, in environment: Environment,
        events: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> [Result<CopyReport, any Error>] {
        let store = try Store(at: root)
        return try await registry.withClient(
            for: ([source] + targets).flatMap(\.registries), in: environment
        ) { client in
            let access = ImageAccess(client: client, store: store)
            let reader = access.reader(of: source)
            let writers = try targets.map { try access.writer(to: $0, from: reader) }
            let relay = EventRelay(receive: events)
            let progress = CopyProgress(from: reader.title, to: writers.map(\.title), events: relay)
            let copy = ImageCopy(
                from: reader, to: writers, choice: choice, ifMatch: expected, naming: naming, store: store,
                report: progress.note)
            do {
                let results = try await copy.run()
                progress.complete()
                return results
            } catch {
                progress.stopped(by: error)
                throw source.explained(error, store)
            }
        }
    }
}

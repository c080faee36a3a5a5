// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Images
import OCI
import Registry
import Store
import SystemPackage

/// What every command has that makes or changes lists.
struct ListOptions: ParsableArguments {
    @OptionGroup var naming: NamingOptions
    @OptionGroup var progress: ProgressOptions
    @OptionGroup(title: "Registry options") var registry: RegistryOptions
    @OptionGroup(title: "Store options") var store: StoreOptions

    /// Does a command's work with access to all places; a failure is told as --progress says, and a signal cancels.
    ///
    /// - Parameter registries: those that the command names, for --tls-verify.
    /// - Throws: `ExitCode`, after the reason was told.
    func run(
        for registries: [String], in environment: Environment,
        _ work: @escaping @Sendable (ListWork) async throws -> Void
    ) async throws {
        let mode = try progress.mode(in: environment)
        let terminal = ProgressTerminal(.standardError, environment: environment.variables)
        do {
            try await Interruption.cancels {
                let store = try Store(at: try store.path(in: environment))
                try await registry.withClient(for: registries, in: environment) { client in
                    try await work(
                        ListWork(
                            access: ImageAccess(client: client, store: store), environment: environment, mode: mode,
                            terminal: terminal, naming: naming.naming))
                }
            }
        } catch {
            throw FailureMessage.ending(error, in: FailureMessage.Form(mode, on: terminal))
        }
    }
}

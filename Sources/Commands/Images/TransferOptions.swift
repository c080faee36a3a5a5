// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Registry

/// How registries are spoken to, for commands that do little else.
struct TransferOptions: ParsableArguments {
    @Option(
        name: .customLong("insecure"),
        help: ArgumentHelp(
            "A registry that may speak plain HTTP or show any certificate; may be repeated.", valueName: "host[:port]"))
    var insecureRegistries: [String] = []

    /// Does something with a client, and ends the client's work whatever comes of it.
    func withClient<Result: Sendable>(
        in environment: Environment, _ body: (RegistryClient) async throws -> Result
    ) async throws -> Result {
        var configuration = RegistryConfiguration.standard(environment: environment.variables)
        configuration.certificateFile = environment["SSL_CERT_FILE"].map { environment.absolute($0) }
        configuration.insecureRegistries.formUnion(insecureRegistries)
        let client = RegistryClient(
            credentials: StoredCredentials(environment: environment.variables), configuration: configuration)
        do {
            let result = try await body(client)
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }
}

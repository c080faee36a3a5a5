// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import HTTP
import Registry
import SystemPackage

/// How a command meets registries; every command that does has these.
struct RegistryOptions: ParsableArguments {
    @Option(
        name: .customLong("authfile"),
        help: ArgumentHelp(
            "The file with the credentials for registries, in the form of Docker's config.json.",
            discussion: """
                Default: $REGISTRY_AUTH_FILE; else $DOCKER_CONFIG/config.json, else ~/.docker/config.json, and then \
                podman's auth.json.
                """,
            valueName: "file"))
    var credentialsFile: String?

    @Option(
        name: .customLong("tls-verify"),
        help: ArgumentHelp(
            "With false the registries that are named may speak plain HTTP or show any certificate; one on loopback "
                + "always may.",
            valueName: "bool"))
    var verifiesTLS = true

    @Option(
        name: .customLong("insecure"),
        help: ArgumentHelp(
            "A registry that may speak plain HTTP or show any certificate; may be repeated.", valueName: "host[:port]"))
    var insecureRegistries: [String] = []

    /// The environment as the options have it.
    func environment(_ environment: Environment) -> Environment {
        guard let credentialsFile, !credentialsFile.isEmpty else { return environment }
        var environment = environment
        environment.variables["REGISTRY_AUTH_FILE"] = environment.absolute(credentialsFile).string
        return environment
    }

    /// How to meet registries.
    ///
    /// - Parameter registries: those that the command names, for `--tls-verify`.
    func configuration(for registries: [String], in environment: Environment) -> RegistryConfiguration {
        var configuration = RegistryConfiguration.standard(environment: environment.variables)
        configuration.certificateFile = environment["SSL_CERT_FILE"].map { environment.absolute($0) }
        configuration.insecureRegistries.formUnion(insecureRegistries)
        if !verifiesTLS { configuration.insecureRegistries.formUnion(registries) }
        return configuration
    }

    /// Does something with a client that has the credentials of the environment, and ends the client's work whatever
    /// comes of it.
    ///
    /// - Parameter registries: those that the command names, for `--tls-verify`.
    func withClient<Result>(
        for registries: [String], in environment: Environment,
        _ body: (RegistryClient) async throws -> sending Result
    ) async throws -> sending Result {
        let environment = self.environment(environment)
        return try await RegistryClient.with(
            configuration(for: registries, in: environment),
            credentials: StoredCredentials(environment: environment.variables), body)
    }
}

extension RegistryClient {
    /// Runs `body` with a client and ends the client's connections however `body` ends.
    static func with<Result>(
        _ configuration: RegistryConfiguration, credentials: any CredentialSource,
        _ body: (RegistryClient) async throws -> sending Result
    ) async throws -> sending Result {
        let client = RegistryClient(credentials: credentials, configuration: configuration)
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

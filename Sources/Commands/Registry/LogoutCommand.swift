// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import ArgumentParser
import Registry
import SystemPackage

/// `manifold logout`
struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "Forget the credentials for a registry.",
        discussion: """
            They are removed from every place that is looked at: Docker's config.json, podman's auth.json, and the \
            credential helpers that these name. The registry itself is not asked.
            """)

    @Argument(
        help: ArgumentHelp("The registry, as it was given to login. Default: docker.io.", valueName: "registry"))
    var registry: String?

    @Option(
        name: .customLong("authfile"),
        help: ArgumentHelp("The file with the credentials. Default: as for login.", valueName: "file"))
    var credentialsFile: String?

    func run() async throws {
        try await CommandOutput.reporting { try await logout() }
    }

    private func logout() async throws {
        let target = try LoginTarget(registry)
        var environment = Environment.current()
        if let credentialsFile, !credentialsFile.isEmpty {
            environment.variables["REGISTRY_AUTH_FILE"] = environment.absolute(credentialsFile).string
        }
        let stored = StoredCredentials(environment: environment.variables)
        let wasThere = try await stored.erase(target.key)
        try CommandOutput.result(wasThere ? "logged out of \(target.title)" : "nobody was logged in to \(target.title)")
        if let origin = await stored.origin(of: target.registry, repository: target.scope) {
            CommandOutput.note("warning: there still are credentials that are used for \(target.key): those \(origin)")
        }
    }
}

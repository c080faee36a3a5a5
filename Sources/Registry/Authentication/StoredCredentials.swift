// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import SystemPackage

/// All credentials that a user has stored with `docker login`, `podman login` and their kin.
///
/// The places, in order; the first that knows a registry is believed:
///
/// 1. `$REGISTRY_AUTH_FILE`, and when it is set nothing else;
/// 2. `$DOCKER_AUTH_CONFIG`, the text of a `config.json` (as GitLab's runners hand it to jobs);
/// 3. `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`;
/// 4. `$XDG_RUNTIME_DIR/containers/auth.json`;
/// 5. `$XDG_CONFIG_HOME/containers/auth.json` or `~/.config/containers/auth.json`.
public struct StoredCredentials: CredentialSource {
    /// The files, those that do not exist among them, in the order in which they are asked.
    public let files: [CredentialFile]
    /// The file that ``store(_:for:)`` writes to, or nil when the environment names no home.
    public let writable: CredentialFile?

    /// Finds the files by the variables of `environment`.
    public init(environment: [String: String]) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        func file(_ directory: String?, _ names: String...) -> CredentialFile? {
            directory.map { directory in
                CredentialFile(
                    path: names.reduce(FilePath(directory)) { $0.appending($1) }, environment: environment)
            }
        }
        if let path = value("REGISTRY_AUTH_FILE") {
            let only = CredentialFile(path: FilePath(path), environment: environment)
            files = [only]
            writable = only
            return
        }
        let variable = value("DOCKER_AUTH_CONFIG").map {
            CredentialFile(variable: "DOCKER_AUTH_CONFIG", text: $0, environment: environment)
        }
        let docker =
            file(value("DOCKER_CONFIG"), "config.json") ?? file(value("HOME"), ".docker", "config.json")
        let runtime = file(value("XDG_RUNTIME_DIR"), "containers", "auth.json")
        let lasting =
            file(value("XDG_CONFIG_HOME"), "containers", "auth.json")
            ?? file(value("HOME"), ".config", "containers", "auth.json")
        files = [variable, docker, runtime, lasting].compactMap(\.self)
        writable = docker
    }

    public func credential(for registry: String, repository: String?) async throws -> Credential? {
        for file in files {
            if let credential = try await file.credential(for: registry, repository: repository) { return credential }
        }
        return nil
    }

    public func origin(of registry: String, repository: String?) async -> String? {
        for file in files {
            if let origin = await file.origin(of: registry, repository: repository) { return origin }
        }
        return nil
    }

    /// Keeps a credential, as `docker login` does: with the helper that the file names, else in the file.
    ///
    /// - Returns: Where it is now, in words: the file, or the helper.
    /// - Throws: ``RegistryError`` of kind ``RegistryError/Kind/credentials``.
    @discardableResult
    public func store(_ credential: Credential, for registry: String) async throws -> String {
        try await home(for: registry).store(credential, for: registry)
    }

    /// Forgets the credentials for a registry in every place, as `docker logout` does.
    ///
    /// - Returns: Whether there were any.
    /// - Throws: ``RegistryError`` of kind ``RegistryError/Kind/credentials``.
    public func erase(_ registry: String) async throws -> Bool {
        var found = false
        for file in files where try await file.erase(registry) { found = true }
        return found
    }

    private func home(for registry: String) throws -> CredentialFile {
        if let writable { return writable }
        throw RegistryError(
            .credentials, registry: registry, operation: "store the credentials for", subject: registry,
            detail: "neither DOCKER_CONFIG nor HOME is set")
    }
}

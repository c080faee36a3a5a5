// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
import Remote
import SystemPackage

/// How steps reach what is elsewhere on the network, for as long as a build runs.
struct NetworkAccess: Sendable {
    let downloader: Downloader
    let git: GitClient

    /// - Parameter environment: the variables that say where proxies, certificates and ssh's agent are.
    init(environment: [String: String], secrets: BuildSecrets) {
        let found = RemoteSecrets { try secrets.bytes($0).map { String(decoding: $0, as: UTF8.self) } }
        downloader = Downloader(configuration: HTTPConfiguration(environment: environment), secrets: found)
        git = GitClient(environment: environment, secrets: found, agent: secrets.agents["default"])
    }

    /// Runs `body`, and closes all connections however it ends.
    func during<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        do {
            let result = try await body()
            try await downloader.shutdown()
            return result
        } catch {
            try? await downloader.shutdown()
            throw error
        }
    }
}

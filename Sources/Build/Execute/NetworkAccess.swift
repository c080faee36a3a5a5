// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Remote
import Store
import SystemPackage

/// How steps reach what is elsewhere on the network, for as long as a build runs.
struct NetworkAccess: Sendable {
    let downloader: Downloader
    let git: GitClient

    /// - Parameter environment: the variables that say where proxies, certificates and ssh's agent are.
    init(environment: [String: String], secrets: BuildSecrets) {
        let found = RemoteSecrets { try secrets.text($0) }
        downloader = Downloader(configuration: DownloadConfiguration(environment: environment), secrets: found)
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

extension BuildSecrets {
    /// The text of a secret; nil when there is none with this id.
    ///
    /// - Throws: ``MountError`` when its file is missing.
    func text(_ id: String) throws -> String? {
        switch secrets[id] {
        case nil: return nil
        case .text(let text): return text
        case .file(let path):
            guard let content = try Files.read(path, limit: 500 << 10) else {
                throw MountError.missingFile(id, path)
            }
            return String(decoding: content, as: UTF8.self)
        }
    }
}

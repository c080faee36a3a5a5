// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import Store
public import SystemPackage

/// What RUN steps may be lent and must not keep.
public struct BuildSecrets: Sendable {
    /// Where a secret is.
    public enum Source: Sendable {
        /// A file on the host, read when a step wants it.
        case file(FilePath)
        /// The text itself, as from an environment variable.
        case text(String)
    }

    /// Secrets by their ids.
    public var secrets: [String: Source]
    /// The sockets of ssh agents by their ids.
    public var agents: [String: FilePath]

    public init(secrets: [String: Source] = [:], agents: [String: FilePath] = [:]) {
        self.secrets = secrets
        self.agents = agents
    }

    /// What a secret is; nil when there is none with this id.
    ///
    /// - Throws: ``MountError`` when its file is missing, ``StoreError`` when it cannot be read or is too large.
    func bytes(_ id: String) throws -> [UInt8]? {
        switch secrets[id] {
        case nil: return nil
        case .text(let text): return Array(text.utf8)
        case .file(let path):
            guard let content = try Files.read(path, limit: 500 << 10) else {
                throw MountError.missingFile(id, path)
            }
            return content
        }
    }
}

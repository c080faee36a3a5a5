// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

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
}

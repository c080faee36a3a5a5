// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Dockerfile

/// Something that a RUN step sees while it runs and that is no part of what it makes.
public struct StepMount: Sendable, Hashable {
    /// What is mounted.
    public enum Kind: Sendable, Hashable {
        /// Files of the build context, a stage or an image. `source` counts in the vertex's sources; nil is the context.
        case bind(source: Int?, path: String)
        /// A directory that stays from build to build.
        case cache(CacheMount)
        /// An empty file system in memory; the size is in bytes, nil for no limit of its own.
        case memory(size: Int64?)
        /// The file of a secret.
        case secret(SecretMount)
        /// The socket of an ssh agent.
        case agent(SecretMount)
    }

    public var kind: Kind
    /// An absolute path; empty for a secret that is only in the environment.
    public var target: String
    public var isReadOnly: Bool
    /// The environment variable that holds a secret.
    public var variable: String?

    /// What decides the step's result besides the content that is mounted: names of caches and secrets do not.
    var layout: String {
        let name =
            switch kind {
            case .bind: "bind"
            case .cache: "cache"
            case .memory(let size): "tmpfs \(size ?? 0)"
            case .secret: "secret"
            case .agent: "ssh"
            }
        return "\(name) \(target) \(isReadOnly) \(variable ?? "")"
    }
}

/// A directory that stays.
public struct CacheMount: Sendable, Hashable {
    /// Its name in the store; has the platform in it unless the Dockerfile gave a name.
    public var name: String
    public var sharing: RunMount.Sharing
    /// Where its first content comes from, counted in the vertex's sources; nil leaves it empty.
    public var source: Int?
    public var path: String
    public var mode: UInt32
    public var uid: UInt32
    public var gid: UInt32
}

/// A secret, or the socket of an agent, by the name that the command line gives it.
public struct SecretMount: Sendable, Hashable {
    public var id: String
    public var isRequired: Bool
    public var mode: UInt32
    public var uid: UInt32
    public var gid: UInt32
}

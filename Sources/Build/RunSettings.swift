// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import Sandbox

/// What a build asks of all its RUN steps, besides the network.
public struct RunSettings: Sendable, Hashable {
    /// Names that the steps find in /etc/hosts. The names are part of what a step is, the addresses are not.
    public var hosts: [HostEntry] = []
    /// The size of /dev/shm in bytes; nil for 64 MiB.
    public var sharedMemory: UInt64?
    /// Resource limits that differ from the usual ones.
    public var limits: [ResourceLimit] = []
    /// What the Dockerfile may ask for.
    public var entitlements: Set<Entitlement> = []

    public init() {}
}

/// What a RUN instruction may do only when the user has allowed it, as BuildKit names it.
public enum Entitlement: String, Sendable, Hashable, CaseIterable {
    /// `--network=host`; here only where `--network none` has taken the network away.
    case hostNetwork = "network.host"
    /// `--security=insecure`.
    case insecure = "security.insecure"
    /// `--device`.
    case device
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

/// A run compiled into what the child does: a value that can be printed, compared and tested without any right.
public struct SandboxPlan: Hashable, Sendable {
    /// What is done, in order.
    public var operations: [Operation]
    /// Whether the process gets a network of its own.
    public var network: NetworkMode
    /// The program's arguments.
    public var arguments: [String]
    /// The program's environment.
    public var environment: [String]
    /// Whose namespaces the process is in; nil for its own.
    public var joined: ProcessControl?
    /// How the caller speaks with the process.
    public var control: ProcessControl?
}

extension SandboxPlan: CustomStringConvertible {
    /// One operation a line.
    public var description: String {
        operations.enumerated().map { "\($0.offset) \($0.element)" }.joined(separator: "\n")
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// How a ``RegistryClient`` behaves towards registries.
public struct RegistryConfiguration: Sendable {
    /// PEM files whose certificates are trusted besides the system's.
    public var additionalTrustRoots: [FilePath] = []
    /// A PEM file that stands in place of the system's roots (the SSL_CERT_FILE of OpenSSL).
    public var certificateFile: FilePath?
    /// Registries, as written in references, that may speak plain HTTP or show a certificate that nobody vouches for.
    /// Loopback registries always may.
    public var insecureRegistries: Set<String> = []
    /// Addresses of hosts by name, used in place of a name lookup (like `curl --resolve`).
    public var hostAddresses: [String: String] = [:]
    /// How long opening a connection may take.
    public var connectTimeout: Duration = .seconds(10)
    /// How long a connection may be silent while something is due; there is no limit on a whole transfer.
    public var idleTimeout: Duration = .seconds(60)
    /// How often one request is sent before its transient failures become an error.
    public var maximumAttempts = 5
    /// The wait before the second attempt; it doubles with each further one, and is spread by half at random.
    public var firstRetryDelay: Duration = .milliseconds(250)
    /// The longest that all waits of one operation may take together, whatever a registry's Retry-After asks for.
    public var maximumRetryDelay: Duration = .seconds(90)
    /// How many blobs are transferred at once with one registry.
    public var transfersPerHost = 6
    /// What the client calls itself.
    public var userAgent = "manifold"

    /// The defaults, with what `environment` says of them (SSL_CERT_FILE).
    public init(environment: [String: String] = [:]) {
        if let file = environment["SSL_CERT_FILE"], !file.isEmpty { certificateFile = FilePath(file) }
    }
}

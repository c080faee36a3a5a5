// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// How a ``RegistryClient`` behaves towards registries.
public struct RegistryConfiguration: Sendable {
    /// PEM files whose certificates are trusted besides the system's.
    public var additionalTrustRoots: [FilePath] = []
    /// A PEM file that stands in place of the system's roots (the SSL_CERT_FILE of OpenSSL).
    public var certificateFile: FilePath?
    /// Folders such as `/etc/docker/certs.d`, which hold for each registry a folder with its authorities (`*.crt`) and the
    /// certificate to show to it (`*.cert`, `*.key`).
    public var certificateDirectories: [FilePath] = []
    /// The proxies to go through.
    public var proxies = ProxySettings()
    /// Mirrors, other places, and what is forbidden or need not be secure; read with the first request.
    public var registries = RegistriesFiles(files: [])
    /// Registries, as written in references, that may speak plain HTTP or show a certificate that nobody vouches for, or
    /// ranges of addresses (`10.0.0.0/8`). Loopback registries always may.
    public var insecureRegistries: Set<String> = []
    /// Addresses of hosts by name, used in place of a name lookup (like `curl --resolve`).
    public var hostAddresses: [String: String] = [:]
    /// How long opening a connection may take.
    public var connectTimeout: Duration = .seconds(10)
    /// How long a connection may be silent while something is due; there is no limit on a whole transfer.
    public var idleTimeout: Duration = .seconds(30)
    /// How long a registry may take to put a large blob into its storage, when it has all of it.
    public var storingTimeout: Duration = .seconds(300)
    /// How often one request is sent before its transient failures become an error. A registry that is silent, or that
    /// nobody can find, is asked fewer times.
    public var maximumAttempts = 5
    /// How large the pieces of an upload are; nil sends a blob in one piece, and falls back to pieces where a registry, or
    /// what stands before it, says that that is too large.
    public var uploadChunkSize: Int64?
    /// The wait before the second attempt; it doubles with each further one, and is spread by half at random.
    public var firstRetryDelay: Duration = .milliseconds(250)
    /// The longest that all waits of one operation may take together, whatever a registry's Retry-After asks for.
    public var maximumRetryDelay: Duration = .seconds(90)
    /// How many blobs are transferred at once with one registry.
    public var transfersPerHost = 6
    /// Whether token services are asked for an identity token, which can be stored in place of a password; for `login`.
    public var asksForIdentityToken = false
    /// What the client calls itself.
    public var userAgent = "manifold"

    /// The settings of this machine and its user, as Docker and podman have them: SSL_CERT_FILE, the proxies' variables,
    /// `certs.d` and `registries.conf`. Nothing is read yet.
    public static func standard(environment: [String: String]) -> RegistryConfiguration {
        var configuration = RegistryConfiguration(environment: environment)
        configuration.proxies = ProxySettings(environment: environment)
        configuration.registries = RegistriesFiles(environment: environment)
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : FilePath($0) }
        for tool in ["containers", "docker"] {
            if let home { configuration.certificateDirectories.append(home.appending(".config/\(tool)/certs.d")) }
        }
        configuration.certificateDirectories += ["/etc/containers/certs.d", "/etc/docker/certs.d"]
        return configuration
    }

    /// The defaults, with what `environment` says of them (SSL_CERT_FILE).
    public init(environment: [String: String] = [:]) {
        if let file = environment["SSL_CERT_FILE"], !file.isEmpty { certificateFile = FilePath(file) }
    }
}

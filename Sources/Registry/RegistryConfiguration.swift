// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import HTTP
public import SystemPackage

/// How a ``RegistryClient`` behaves towards registries.
///
/// Besides what is named here it has everything that an `HTTPConfiguration` has.
@dynamicMemberLookup
public struct RegistryConfiguration: Sendable {
    /// How any server is spoken to.
    public var http: HTTPConfiguration
    /// Folders such as `/etc/docker/certs.d`, which hold for each registry a folder with its authorities (`*.crt`) and the
    /// certificate to show to it (`*.cert`, `*.key`).
    public var certificateDirectories: [FilePath] = []
    /// Mirrors, other places, and what is forbidden or need not be secure; read with the first request.
    public var registries = RegistriesFiles(files: [])
    /// Registries, as written in references, that may speak plain HTTP or show a certificate that nobody vouches for, or
    /// ranges of addresses (`10.0.0.0/8`). Loopback registries always may.
    public var insecureRegistries: Set<String> = []
    /// How long a registry may take to put a large blob into its storage, when it has all of it.
    public var storingTimeout: Duration = .seconds(300)
    /// How large the pieces of an upload are; nil sends a blob in one piece, and falls back to pieces where a registry, or
    /// what stands before it, says that that is too large.
    public var uploadChunkSize: Int64?
    /// How many blobs are transferred at once with one registry.
    public var transfersPerHost = 6
    /// Whether token services are asked for an identity token, which can be stored in place of a password; for `login`.
    public var asksForIdentityToken = false

    /// A property of ``http``.
    public subscript<Value>(dynamicMember path: WritableKeyPath<HTTPConfiguration, Value>) -> Value {
        get { http[keyPath: path] }
        set { http[keyPath: path] = newValue }
    }

    /// The settings of this machine and its user, as Docker and podman have them: SSL_CERT_FILE, the proxies' variables,
    /// `certs.d` and `registries.conf`. Nothing is read yet.
    public static func standard(environment: [String: String]) -> RegistryConfiguration {
        var configuration = RegistryConfiguration(environment: environment)
        configuration.registries = RegistriesFiles(environment: environment)
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : FilePath($0) }
        for tool in ["containers", "docker"] {
            if let home { configuration.certificateDirectories.append(home.appending(".config/\(tool)/certs.d")) }
        }
        configuration.certificateDirectories += ["/etc/containers/certs.d", "/etc/docker/certs.d"]
        return configuration
    }

    /// The defaults, with what `environment` says of certificates and proxies.
    public init(environment: [String: String] = [:]) {
        http = HTTPConfiguration(environment: environment)
        http.connectTimeout = .seconds(10)
        http.idleTimeout = .seconds(30)
    }
}

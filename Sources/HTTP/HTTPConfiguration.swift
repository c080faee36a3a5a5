// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// How servers on the web are spoken to, whatever for.
public struct HTTPConfiguration: Sendable {
    /// PEM files whose certificates are trusted besides the system's.
    public var additionalTrustRoots: [FilePath] = []
    /// A PEM file that stands in place of the system's roots (the SSL_CERT_FILE of OpenSSL).
    public var certificateFile: FilePath?
    /// Folders whose PEM files are trusted besides those (the SSL_CERT_DIR of OpenSSL).
    public var certificateFolders: [FilePath] = []
    /// The proxies to go through.
    public var proxies: ProxySettings
    /// Addresses of hosts by name, used in place of a name lookup (like `curl --resolve`).
    public var hostAddresses: [String: String] = [:]
    /// How long opening a connection may take.
    public var connectTimeout: Duration = .seconds(20)
    /// How long a connection may be silent while something is due; there is no limit on a whole transfer.
    public var idleTimeout: Duration = .seconds(60)
    /// How many connections to one host are kept open.
    public var connectionsPerHost = 10
    /// How often one request is sent before its transient failures become an error. A server that is silent, or that
    /// nobody can find, is asked fewer times.
    public var maximumAttempts = 5
    /// The wait before the second attempt; it doubles with each further one, and is spread by half at random.
    public var firstRetryDelay: Duration = .milliseconds(250)
    /// The longest that all waits of one operation may take together, whatever a server's Retry-After asks for.
    public var maximumRetryDelay: Duration = .seconds(90)
    /// What the client calls itself.
    public var userAgent = "manifold"

    /// The defaults, with what `environment` says of them: SSL_CERT_FILE, SSL_CERT_DIR, and the proxies' variables.
    public init(environment: [String: String] = [:]) {
        proxies = ProxySettings(environment: environment)
        if let file = environment["SSL_CERT_FILE"], !file.isEmpty { certificateFile = FilePath(file) }
        certificateFolders = (environment["SSL_CERT_DIR"] ?? "").split(separator: ":").map { FilePath(String($0)) }
    }
}

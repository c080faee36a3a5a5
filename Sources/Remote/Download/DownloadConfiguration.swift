// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import SystemPackage

/// How a ``Downloader`` behaves towards servers.
public struct DownloadConfiguration: Sendable {
    /// A PEM file that stands in place of the system's roots (the SSL_CERT_FILE of OpenSSL).
    public var certificateFile: FilePath?
    /// Which proxy stands before which server.
    public var proxies: Proxies
    /// How long opening a connection may take.
    public var connectTimeout: Duration = .seconds(20)
    /// How long a connection may be silent while something is due; there is no limit on a whole transfer.
    public var idleTimeout: Duration = .seconds(60)
    /// How often one request is sent before its transient failures become an error.
    public var maximumAttempts = 5
    /// The wait before the second attempt; it doubles with each further one, and is spread by half at random.
    public var firstRetryDelay: Duration = .milliseconds(250)
    /// The longest that all waits of one download may take together, whatever a Retry-After asks for.
    public var maximumRetryDelay: Duration = .seconds(90)
    /// What the client calls itself.
    public var userAgent = "manifold"

    /// The defaults, with what `environment` says of them (SSL_CERT_FILE, HTTP_PROXY, HTTPS_PROXY, NO_PROXY).
    public init(environment: [String: String] = [:]) {
        proxies = Proxies(environment: environment)
        if let file = environment["SSL_CERT_FILE"], !file.isEmpty { certificateFile = FilePath(file) }
    }
}

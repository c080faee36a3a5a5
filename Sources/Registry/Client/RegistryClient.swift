// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import HTTP
public import Logging
import Synchronization

/// A client of OCI registries (distribution-spec 1.1): one for the whole process, for all registries.
///
/// Every request that fails in a way that may pass (dropped connections, 408, 425, 429, 5xx) is tried again with
/// growing, randomised pauses; every byte that is read is checked against its digest and size. Nothing is started
/// before the first request; ``shutdown()`` ends what was.
///
/// All operations throw ``RegistryError``, `CancellationError`, or what a caller's own closure threw.
public final class RegistryClient: Sendable {
    /// How the client behaves.
    public let configuration: RegistryConfiguration

    let transport: Transport
    let policy: HostPolicy
    let authorizer: Authorizer
    let logger: Logger
    let hosts = Mutex<[String: HostState]>([:])

    /// What is known of one registry.
    struct HostState: Sendable {
        /// What it speaks, when it may speak more than one, by whether it must prove who it is.
        var schemes: [Bool: WebURL.Scheme] = [:]
        /// Whether it has answered anything yet.
        var hasAnswered = false
        /// Whether it could not be reached when it was asked as a mirror.
        var isLame = false
        let probing = Gate(limit: 1)
        let transfers: Gate
    }

    /// Makes a client; nothing is read or connected yet.
    ///
    /// - Parameters:
    ///   - credentials: Who to be where a registry asks; see ``StoredCredentials``.
    ///   - configuration: How to behave.
    ///   - logger: Gets every request at debug level, without secrets.
    public init(
        credentials: any CredentialSource, configuration: RegistryConfiguration = RegistryConfiguration(),
        logger: Logger = Logger(label: "manifold.registry", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.configuration = configuration
        self.logger = logger
        policy = HostPolicy(configuration)
        var http = configuration.http
        http.connectionsPerHost = configuration.transfersPerHost + 4
        transport = Transport(configuration: http, logger: logger, hostTrust: policy.trust)
        authorizer = Authorizer(credentials: credentials, wantsIdentity: configuration.asksForIdentityToken)
    }

    /// Ends all connections and threads. Call it once, when the last operation has ended.
    public func shutdown() async throws {
        try await transport.shutdown()
    }

    func host(_ registry: String) -> HostState {
        hosts.withLock { hosts in
            if let host = hosts[registry] { return host }
            let host = HostState(transfers: Gate(limit: configuration.transfersPerHost))
            hosts[registry] = host
            return host
        }
    }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

public import HTTP
public import Logging

/// Downloads files by http and https. Nothing is started before the first download.
public final class Downloader: Sendable {
    let configuration: HTTPConfiguration
    let secrets: RemoteSecrets
    let transport: Transport

    /// - Parameters:
    ///   - secrets: what servers want to see.
    ///   - logger: gets a line for each request, at level debug.
    public init(
        configuration: HTTPConfiguration = HTTPConfiguration(), secrets: RemoteSecrets = .none,
        logger: Logger = Logger(label: "manifold.remote", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.configuration = configuration
        self.secrets = secrets
        transport = Transport(configuration: configuration, logger: logger)
    }

    /// Ends the connections and threads, if there are any. Nothing can be downloaded afterwards.
    public func shutdown() async throws { try await transport.shutdown() }
}

// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import HTTP
public import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import SystemPackage

/// Downloads files by http and https. The HTTP clients and their threads come into being with the first download.
public final class Downloader: Sendable {
    let configuration: DownloadConfiguration
    let secrets: RemoteSecrets
    let logger: Logger

    private struct Machinery: Sendable {
        var threads: MultiThreadedEventLoopGroup
        /// One for each proxy, and one for none.
        var clients: [WebURL?: HTTPClient] = [:]
    }

    private let machinery = Mutex<Machinery?>(nil)

    /// - Parameters:
    ///   - secrets: what servers want to see.
    ///   - logger: gets a line for each request, at level debug.
    public init(
        configuration: DownloadConfiguration = DownloadConfiguration(), secrets: RemoteSecrets = .none,
        logger: Logger = Logger(label: "manifold.remote", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.configuration = configuration
        self.secrets = secrets
        self.logger = logger
    }

    /// Ends the connections and threads, if there are any. Nothing can be downloaded afterwards.
    public func shutdown() async throws {
        let running = machinery.withLock { machinery in
            let running = machinery
            machinery = nil
            return running
        }
        guard let running else { return }
        for client in running.clients.values { try await client.shutdown() }
        try await running.threads.shutdownGracefully()
    }

    /// The client that speaks to an address.
    func client(for url: WebURL) throws -> HTTPClient {
        let proxy = configuration.proxies.proxy(for: url)
        return try machinery.withLock { machinery in
            if let client = machinery?.clients[proxy] { return client }
            let settings = try settings(proxy: proxy, subject: url)
            let threads = machinery?.threads ?? MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let client = HTTPClient(eventLoopGroupProvider: .shared(threads), configuration: settings)
            var running = machinery ?? Machinery(threads: threads)
            running.clients[proxy] = client
            machinery = running
            return client
        }
    }

    private func settings(proxy: WebURL?, subject: WebURL) throws -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let file = configuration.certificateFile {
            guard let certificates = try? NIOSSLCertificate.fromPEMFile(file.string), !certificates.isEmpty else {
                throw RemoteError(
                    .certificates, subject: subject.redacted, detail: "no PEM certificates can be read from \(file)")
            }
            tls.trustRoots = .certificates(certificates)
        }
        var settings = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(
                connect: TimeAmount(configuration.connectTimeout), read: TimeAmount(configuration.idleTimeout),
                write: TimeAmount(configuration.idleTimeout)),
            ignoreUncleanSSLShutdown: false, decompression: .disabled)
        settings.httpVersion = .http1Only
        settings.connectionPool.retryConnectionEstablishment = false
        if let proxy {
            let login = proxy.userInfo.map { user in
                let parts = user.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                return HTTPClient.Authorization.basic(
                    username: parts.first ?? "", password: parts.count == 2 ? parts[1] : "")
            }
            settings.proxy = .server(host: proxy.host, port: proxy.effectivePort, authorization: login)
        }
        return settings
    }
}

extension TimeAmount {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000)
    }
}

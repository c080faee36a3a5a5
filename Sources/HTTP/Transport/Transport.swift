// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

package import AsyncHTTPClient
package import Logging
import NIOCore
package import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Sends single requests. The HTTP clients and their threads come into being with the first.
package final class Transport: Sendable {
    package let configuration: HTTPConfiguration
    private let hostTrust: @Sendable (_ authority: String) throws(NetworkFailure) -> HostTrust
    private let logger: Logger

    /// What a connection must have in common with another to be used in its place.
    private struct Kind: Hashable {
        var proxy: Proxy?
        var idleTimeout: Duration
    }

    private struct TrustKey: Hashable {
        var authority: String
        var isInsecure: Bool
    }

    private struct Machinery {
        var threads: MultiThreadedEventLoopGroup
        var clients: [Kind: HTTPClient] = [:]
        var tls: TLSConfiguration
        var trust: [TrustKey: TLSConfiguration] = [:]
    }

    private let machinery = Mutex<Machinery?>(nil)

    /// - Parameters:
    ///   - logger: Gets every request at debug level, without its query, which may hold signatures.
    ///   - hostTrust: What is special in the certificates of a host; asked once for each.
    package init(
        configuration: HTTPConfiguration, logger: Logger,
        hostTrust: @escaping @Sendable (_ authority: String) throws(NetworkFailure) -> HostTrust = { _ in HostTrust() }
    ) {
        self.configuration = configuration
        self.logger = logger
        self.hostTrust = hostTrust
    }

    /// Sends a request and waits for the head of the answer. Redirects are not followed.
    ///
    /// - Parameters:
    ///   - isInsecure: Whether the host's certificate need not be vouched for, whatever else is said of it.
    ///   - idleTimeout: How long the answer may take, where that is longer than usual.
    /// - Throws: A ``NetworkFailure``, `CancellationError`, or what reading the body's source threw.
    package func send(
        _ method: HTTPMethod, to url: WebURL, headers: HTTPHeaders = [:], body: HTTPClientRequest.Body? = nil,
        isInsecure: Bool = false, idleTimeout: Duration? = nil
    ) async throws -> HTTPClientResponse {
        let proxy = try configuration.proxies.proxy(for: url)
        let kind = Kind(proxy: proxy, idleTimeout: max(configuration.idleTimeout, idleTimeout ?? .zero))
        var request = HTTPClientRequest(url: url.text)
        let client = try client(for: url, kind, isInsecure: isInsecure, &request.tlsConfiguration)
        request.method = method
        request.headers = headers
        request.headers.replaceOrAdd(name: "User-Agent", value: configuration.userAgent)
        request.body = body
        var notes: Logger.Metadata = ["method": "\(method)", "host": "\(url.authority)", "path": "\(url.path)"]
        do {
            let response = try await client.execute(request, deadline: .distantFuture)
            notes["status"] = "\(response.status.code)"
            logger.debug("request", metadata: notes)
            return response
        } catch {
            notes["error"] = "\(error)"
            logger.debug("request failed", metadata: notes)
            throw explained(error, method, url, kind)
        }
    }

    /// A failure, with what was waited for and which way the request went.
    private func explained(_ error: any Error, _ method: HTTPMethod, _ url: WebURL, _ kind: Kind) -> any Error {
        guard var failure = NetworkFailure.wrap(error) as? NetworkFailure else { return NetworkFailure.wrap(error) }
        if failure.kind == .timedOut {
            failure.detail =
                "\(url.authority) took the connection, and gave no answer to \(method) \(url.path) "
                + "for \(kind.idleTimeout.inWords)"
        }
        if let proxy = kind.proxy {
            failure.detail = (failure.detail.map { $0 + ", " } ?? "") + "through \(proxy.words)"
            failure.hint = failure.hint ?? "check \(proxy.variable), or name \(url.host) in NO_PROXY"
        }
        return failure
    }

    /// Waits until what was handed over for sending has been sent, or is known to wait for the network.
    package func catchUp() async { await machinery.withLock { $0?.threads }?.catchUp() }

    /// Ends the clients' connections and threads, if there are any. Nothing can be sent afterwards.
    package func shutdown() async throws {
        let running = machinery.withLock { machinery in
            let running = machinery.map { (Array($0.clients.values), $0.threads) }
            machinery = nil
            return running
        }
        guard let (clients, threads) = running else { return }
        for client in clients { try await client.shutdown() }
        try await threads.shutdownGracefully()
    }

    private func client(
        for url: WebURL, _ kind: Kind, isInsecure: Bool, _ tls: inout TLSConfiguration?
    ) throws -> HTTPClient {
        let (client, found) = try machinery.withLock { slot in
            var machinery =
                try slot
                ?? Machinery(
                    threads: MultiThreadedEventLoopGroup(numberOfThreads: 2), tls: TrustRoots.settings(configuration))
            defer { slot = machinery }
            let client = machinery.clients[kind] ?? make(kind, machinery)
            machinery.clients[kind] = client
            guard url.scheme == .https else { return (client, TLSConfiguration?.none) }
            let key = TrustKey(authority: url.authority, isInsecure: isInsecure)
            if let tls = machinery.trust[key] { return (client, tls) }
            var trust = try hostTrust(url.authority)
            if isInsecure { trust.isVerified = false }
            let tls = machinery.tls.with(trust)
            machinery.trust[key] = tls
            return (client, tls)
        }
        tls = found
        return client
    }

    private func make(_ kind: Kind, _ machinery: Machinery) -> HTTPClient {
        var settings = HTTPClient.Configuration(
            tlsConfiguration: machinery.tls, redirectConfiguration: .disallow,
            timeout: .init(
                connect: TimeAmount(configuration.connectTimeout), read: TimeAmount(kind.idleTimeout),
                write: TimeAmount(configuration.idleTimeout)),
            // A server that ends TLS rudely is noticed by the length of its answer.
            ignoreUncleanSSLShutdown: false, decompression: .disabled)
        settings.httpVersion = .http1Only
        settings.dnsOverride = configuration.hostAddresses
        settings.connectionPool.retryConnectionEstablishment = false
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.connectionsPerHost
        settings.proxy = kind.proxy?.setting
        return HTTPClient(eventLoopGroupProvider: .shared(machinery.threads), configuration: settings)
    }
}

extension TimeAmount {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue)
        self = self + .nanoseconds(attoseconds / 1_000_000_000)
    }
}

extension Duration {
    /// As in "30 seconds".
    package var inWords: String {
        let seconds = components.seconds
        return seconds == 1 ? "1 second" : seconds > 0 ? "\(seconds) seconds" : "\(self)"
    }
}

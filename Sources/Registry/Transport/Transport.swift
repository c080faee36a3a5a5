// Copyright the manifold authors. Licensed under the Apache License, Version 2.0; see LICENSE.

import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import SystemPackage

/// Sends single requests. The HTTP clients and their threads come into being with the first.
final class Transport: Sendable {
    let configuration: RegistryConfiguration
    let policy: HostPolicy
    let logger: Logger

    /// How long an answer may take.
    enum Patience: Hashable, Sendable {
        case usual
        /// For answers that a registry gives when it has put a large blob into its storage.
        case long
    }

    /// What a connection must have in common with another to be used in its place.
    private struct Kind: Hashable {
        var proxy: ProxySettings.Proxy?
        var patience: Patience
    }

    private struct Trust: Hashable {
        var authority: String
        var isVerified: Bool
    }

    private struct Machinery {
        var threads: MultiThreadedEventLoopGroup
        var clients: [Kind: HTTPClient] = [:]
        var tls: TLSConfiguration
        var trust: [Trust: TLSConfiguration] = [:]
    }

    private let machinery = Mutex<Machinery?>(nil)

    init(configuration: RegistryConfiguration, logger: Logger) {
        self.configuration = configuration
        self.policy = HostPolicy(insecureRegistries: configuration.insecureRegistries)
        self.logger = logger
    }

    /// Sends a request and waits for the head of the answer. Redirects are not followed.
    ///
    /// - Parameters:
    ///   - isInsecure: Whether the host's certificate need not be vouched for, whatever else is said of it.
    /// - Throws: A ``NetworkFailure``, `CancellationError`, or what reading the body's source threw.
    func send(
        _ method: HTTPMethod, to address: WebAddress, headers: HTTPHeaders = [:], body: HTTPClientRequest.Body? = nil,
        isInsecure: Bool = false, patience: Patience = .usual
    ) async throws -> HTTPClientResponse {
        let proxy: ProxySettings.Proxy?
        do { proxy = try configuration.proxies.proxy(for: address) } catch {
            throw NetworkFailure(
                kind: .settings, detail: "\(error.variable) cannot be used: \(error.reason)",
                hint: "correct or unset \(error.variable)")
        }
        var request = HTTPClientRequest(url: address.url)
        let client = try client(for: address, proxy, patience, isInsecure: isInsecure, &request.tlsConfiguration)
        request.method = method
        request.headers = headers
        request.headers.replaceOrAdd(name: "User-Agent", value: configuration.userAgent)
        request.body = body
        do {
            let response = try await client.execute(request, deadline: .distantFuture)
            logger.debug(
                "registry request",
                metadata: [
                    "method": "\(method)", "host": "\(address.authority)", "path": "\(address.path)",
                    "status": "\(response.status.code)",
                ])
            return response
        } catch {
            logger.debug(
                "registry request failed",
                metadata: [
                    "method": "\(method)", "host": "\(address.authority)", "path": "\(address.path)",
                    "error": "\(error)",
                ])
            throw explained(error, method, address, proxy, patience)
        }
    }

    /// A failure, with what was waited for and which way the request went.
    private func explained(
        _ error: any Error, _ method: HTTPMethod, _ address: WebAddress, _ proxy: ProxySettings.Proxy?,
        _ patience: Patience
    ) -> any Error {
        guard var failure = NetworkFailure.wrap(error) as? NetworkFailure else { return NetworkFailure.wrap(error) }
        if failure.kind == .timedOut {
            failure.detail =
                "\(address.authority) took the connection, and gave no answer to \(method) \(address.path) "
                + "for \(limit(patience).inWords)"
        }
        if let proxy {
            failure.detail = (failure.detail.map { $0 + ", " } ?? "") + "through \(proxy.words)"
            failure.hint = failure.hint ?? "check \(proxy.variable), or name the registry in NO_PROXY"
        }
        return failure
    }

    private func limit(_ patience: Patience) -> Duration {
        patience == .usual ? configuration.idleTimeout : max(configuration.idleTimeout, configuration.storingTimeout)
    }

    /// Ends the clients' connections and threads, if there are any. Nothing can be sent afterwards.
    func shutdown() async throws {
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
        for address: WebAddress, _ proxy: ProxySettings.Proxy?, _ patience: Patience, isInsecure: Bool,
        _ tls: inout TLSConfiguration?
    ) throws -> HTTPClient {
        let (client, found) = try machinery.withLock { slot in
            var machinery =
                try slot
                ?? Machinery(
                    threads: MultiThreadedEventLoopGroup(numberOfThreads: 2), tls: commonTLS())
            defer { slot = machinery }
            let kind = Kind(proxy: proxy, patience: patience)
            let client = machinery.clients[kind] ?? make(kind, machinery)
            machinery.clients[kind] = client
            guard address.scheme == .https else { return (client, TLSConfiguration?.none) }
            let key = Trust(
                authority: address.authority, isVerified: !isInsecure && !policy.isInsecure(address.authority))
            let tls = try machinery.trust[key] ?? trust(key, machinery.tls)
            machinery.trust[key] = tls
            return (client, tls)
        }
        tls = found
        return client
    }

    private func make(_ kind: Kind, _ machinery: Machinery) -> HTTPClient {
        let patience = TimeAmount(limit(kind.patience))
        var settings = HTTPClient.Configuration(
            tlsConfiguration: machinery.tls, redirectConfiguration: .disallow,
            timeout: .init(
                connect: TimeAmount(configuration.connectTimeout), read: patience,
                write: TimeAmount(configuration.idleTimeout)),
            // A server that ends TLS rudely is noticed by the length of its answer.
            ignoreUncleanSSLShutdown: false, decompression: .disabled)
        settings.httpVersion = .http1Only
        settings.dnsOverride = configuration.hostAddresses
        settings.connectionPool.retryConnectionEstablishment = false
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.transfersPerHost + 4
        settings.proxy = kind.proxy.map { proxy in
            guard proxy.kind == .http else { return .socksServer(host: proxy.host, port: proxy.port) }
            let user = proxy.username.map {
                HTTPClient.Authorization.basic(username: $0, password: proxy.password?.value ?? "")
            }
            return .server(host: proxy.host, port: proxy.port, authorization: user)
        }
        return HTTPClient(eventLoopGroupProvider: .shared(machinery.threads), configuration: settings)
    }

    private func commonTLS() throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let file = configuration.certificateFile {
            tls.trustRoots = .certificates(try CertificateDirectories.certificates(in: file))
        }
        tls.additionalTrustRoots = try configuration.additionalTrustRoots.map {
            .certificates(try CertificateDirectories.certificates(in: $0))
        }
        return tls
    }

    /// The common settings, with what the `certs.d` directories have for a host.
    private func trust(_ key: Trust, _ common: TLSConfiguration) throws -> TLSConfiguration {
        var tls = common
        let names = HostPolicy.names(of: key.authority)
        let found = try CertificateDirectories(roots: configuration.certificateDirectories).read(names)
        if !found.authorities.isEmpty { tls.additionalTrustRoots.append(.certificates(found.authorities)) }
        if let own = found.key {
            tls.certificateChain = found.chain.map { .certificate($0) }
            tls.privateKey = .privateKey(own)
        }
        if !key.isVerified { tls.certificateVerification = .none }
        return tls
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue)
        self = self + .nanoseconds(attoseconds / 1_000_000_000)
    }
}

extension Duration {
    /// As in "30 seconds".
    var inWords: String {
        let seconds = components.seconds
        return seconds == 1 ? "1 second" : seconds > 0 ? "\(seconds) seconds" : "\(self)"
    }
}
